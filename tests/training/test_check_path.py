"""A path whose ends are not noise and data is refused, unless it is meant."""

from __future__ import annotations

import pytest
from small_experiment import TOML, only_run
from small_experiment import write as write_text

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")


def write(folder):
    return write_text(folder, TOML.replace("[loss]", '[path]\nuse = "linear"\n[loss]'))


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("path.t_min=0.001", "path.t_max=0.999"),  # SiT's
        ("path.t_max=0.98765",),  # EDM's sigma_max = 80
        ("path.t_min=0.002",),  # EDM's sigma_min
        ("path.use=vp",),
        ("path.use=trigonometric", "path.t_min=0.001", "path.t_max=0.999"),
        ("path.t_max=0.5", "path.t_min=0.2", "evaluate.partial_path=true"),
    ],
    ids=" ".join,
)
def test_the_ends_that_are_used_pass(secantfw, tmp_path, words):
    assert secantfw("check", write(tmp_path), *words).code == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        (
            "path.t_max=0.5",
            "path.t_max: samples start as pure noise at t_max = 0.5, where x_t still has data in "
            "it, alpha / sigma = 1, above 0.05; set path.t_max nearer 1, or "
            "evaluate.partial_path = true if it is meant",
        ),
        ("path.t_max=0.936", "alpha / sigma = 0.0684, above 0.05"),  # Stable Diffusion's
        (
            "path.t_min=0.1",
            "path.t_min: samples end at t_min = 0.1 with noise left in them, sigma / alpha = "
            "0.111, above 0.03; set path.t_min nearer 0, or evaluate.partial_path = true if it is "
            "meant",
        ),
    ],
)
def test_another_end_is_refused_before_anything_is_written(secantfw, tmp_path, word, said):
    file = write(tmp_path)
    checked = secantfw("check", file, word)
    assert checked.code == 2
    assert said in checked.out
    ran = secantfw("run", file, word, "--out", tmp_path / "runs")
    assert ran.code == 2
    assert said in ran.err
    assert not (tmp_path / "runs").exists()


def test_a_run_on_part_of_a_path_is_sampled_too(secantfw, tmp_path):
    words = ("path.t_max=0.5", "evaluate.partial_path=true", "train.steps=4")
    assert secantfw("run", write(tmp_path), *words, "--out", tmp_path / "runs").code == 0
    run = only_run(tmp_path / "runs")
    assert secantfw("sample", run, "--count", 2, "--out", tmp_path / "samples").code == 0
    refused = secantfw("sample", run, "evaluate.partial_path=false", "--out", tmp_path / "samples")
    assert refused.code == 2
