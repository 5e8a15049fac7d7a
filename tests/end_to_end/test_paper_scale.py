"""The paper's recipes: what they lack, what they build, what a step of them costs, dry runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from secantfw.assembly.build import build_experiment
from secantfw.assembly.planned_rows import planned_rows
from secantfw.checking.check_built import check_built
from secantfw.experiment.load import load
from secantfw.forecast.cost import step_cost
from secantfw.load_plugins import load_plugins

pytestmark = pytest.mark.plugin("sit", "data", "picard", "basics", "fid")
FOLDER = Path(__file__).parents[2] / "experiments" / "paper"
VARIANTS = [file for name in ("discrete", "scratch") for file in FOLDER.glob(f"sit_*{name}*.toml")]
FILES = sorted({*FOLDER.glob("sit_*.toml")} - {*VARIANTS})
LOSSES = ("sdei", "stei", "sdee", "stee")
#: What a newcomer has to get, by the key to set.
WANTED = {
    "teacher.weights": "SiT-XL-2-256.pt",
    "dataset.folder": "https://huggingface.co/datasets/yuchuantian/imagenet_vae_256",
    "dataset.vae": "https://huggingface.co/stabilityai/sd-vae-ft-ema",
    "metrics.use[0].weights": "https://nvlabs-fi-cdn.nvidia.com/",
    "metrics.use[0].statistics": "https://openaipublic.blob.core.windows.net/",
    "metrics.use[1].weights": "inception-2015-12-05.pt",
}
PARAMETERS = 675_129_632


def built_on_meta(file, overrides=()):
    loaded = load(file, list(overrides), PLUGINS, without_files=True)
    return build_experiment(loaded.experiment, torch.device("meta"), without_files=True)


PLUGINS = load_plugins()


def test_there_is_a_recipe_for_every_loss_and_number_of_steps():
    expected = {f"sit_xl2_imagenet256_{x}_{n}step" for x in LOSSES for n in (1, 2, 4, 8)}
    assert {file.stem for file in FILES} == expected
    assert {file.stem.partition("256_")[2] for file in VARIANTS} == {
        "stei_discrete_4step", "scratch_stee_8step",
    }  # fmt: skip


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem.rpartition("256_")[2])
def test_a_recipe_is_the_papers_and_lacks_nothing_but_the_files(file):
    loaded = load(file, [], PLUGINS, without_files=True)
    assert {problem.key for problem in loaded.missing} == set(WANTED)
    e, (loss, steps) = loaded.experiment, re.findall(r"256_(\w+)_(\d)step", file.stem)[0]
    assert e.loss.full_name == f"picard:{loss}"
    assert (e.train.batch_size, e.ema.decay) == (256, 0.9999)
    assert 50_000 <= e.train.steps <= 100_000
    assert e.train.learning_rate in (1e-5, 1e-4)
    assert e.guidance.range == (None if loss == "stee" else (1.0, 2.5))
    assert e.time_sampler.options.segments == int(steps)
    (row,) = planned_rows(built_on_meta(file))
    assert row.steps == int(steps)  # guided at some of its steps, a student that is not told
    assert (row.nfe > row.steps) == (loss == "stee")  # its scale is evaluated twice there
    assert e.evaluate.keys.headline == row.nfe


def test_check_names_each_missing_file_with_its_place_and_source_and_builds_xl(secantfw):
    file = FILES[0]
    said = secantfw("check", file)
    assert said.code == 2
    *missing, last = said.out.splitlines()
    assert len(missing) == len(WANTED)
    for line in missing:
        place, key, what = re.fullmatch(
            r"\S*/(\w+\.toml:\d+): (\S+): set this to a path of yours: (.*)", line
        ).groups()
        name, _, number = place.rpartition(":")
        assert (
            (file.parents[1] / "base" / name)
            .read_text()
            .splitlines()[int(number) - 1]
            .lstrip()
            .startswith("use = [" if key.startswith("metrics") else key.rpartition(".")[2])
        )
        assert WANTED[key] in what
    assert f"teacher {PARAMETERS:,} parameters" in last
    assert "data (4, 32, 32) with 1000 classes" in last


@pytest.mark.parametrize(
    ("loss", "evaluations"),
    [("sdei", "4F 1B"), ("stei", "5F 2B"), ("sdee", "4F 1B"), ("stee", "2F 1B")],
)
def test_xl_takes_a_training_step_on_the_meta_device(loss, evaluations):
    """Guided teachers and tangents are two evaluations. 237 GFLOP is SiT-XL/2's forward pass."""
    (file,) = (f for f in FILES if f.stem.endswith(f"{loss}_4step"))
    built = built_on_meta(file, ["train.batch_size=2"])
    assert check_built(built) == []
    assert built.teacher.num_parameters() == PARAMETERS
    cost = step_cost(built)
    assert cost.evaluations == evaluations
    forwards, backwards = int(evaluations[0]), int(evaluations[3])
    assert cost.flops == pytest.approx((forwards + 2 * backwards) * 2 * 237.3e9, rel=1e-3)
    student = sum(p.numel() for p in built.student.parameters())
    assert cost.weight_bytes == 4 * (4 * student + PARAMETERS)
    assert 16e9 < cost.bytes() < 17e9  # blocks are recomputed, so two rows take next to nothing


def test_recomputing_activations_saves_what_the_count_says():
    """SiT-XL/2 in float32: some 0.7 GB a row kept, against 0.04 GB with recomputation."""
    file = FILES[0]
    kept, recomputed = (
        step_cost(
            built_on_meta(
                file, ["train.batch_size=16", f"backbone.checkpoint_activations={value}"]
            )
        ).step_bytes
        for value in ("false", "true")
    )
    assert 8e9 < kept < 20e9
    assert recomputed < 4e9


def test_the_variants_are_what_they_say():
    discrete, scratch = (load(file, [], PLUGINS, without_files=True) for file in VARIANTS)
    assert discrete.experiment.time_sampler.full_name == "basics:segments"
    e = scratch.experiment
    assert (e.teacher, e.init, e.train.steps) == (None, "scratch", 3_000_000)
    assert {problem.key for problem in scratch.missing} == {*WANTED} - {"teacher.weights"}


@pytest.mark.parametrize("recomputed", ["true", "false"])
def test_a_hint_does_not_tell_to_do_what_is_done(secantfw, monkeypatch, recomputed):
    monkeypatch.setattr("secantfw.forecast.memory_need.available_bytes", lambda device: 10**8)
    keys = ("train.batch_size=2", f"backbone.checkpoint_activations={recomputed}")
    said = secantfw("check", FILES[0], *keys)
    assert "; lower train.batch_size" in said.out
    assert ("set backbone.checkpoint_activations = true" in said.out) == (recomputed == "false")
    assert "lower" not in secantfw("check", FILES[0], "train.batch_size=1").out


SMALL = """
schema = 1
title = "small"
[dataset]
use = "latents"
folder = "set: the latents"
shape = [4, 8, 8]
classes = 3
[teacher]
use = "sit"
weights = "set: the teacher"
[backbone]
use = "sit"
size = "tiny/4"
checkpoint_activations = true
[loss]
use = "sdei"
[time_sampler]
use = "segments"
segments = 2
[guidance]
range = [1.0, 2.0]
[train]
steps = 1000
batch_size = 4
[evaluate]
nfe = [2]
[metrics]
use = []
"""


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "small.toml"
    file.write_text(SMALL)
    return file


def test_a_dry_run_steps_without_the_files_and_leaves_nothing(small, secantfw, tmp_path):
    said = secantfw("run", small, "--dry-steps", "3", "train.learning_rate=1e-3")
    assert said.code == 0, said.err
    assert "dry run: 3 steps; nothing is evaluated and no run directory is written" in said.err
    assert re.search(r"stood in for: \S*small\.toml:6: dataset\.folder: set this to", said.err)
    assert re.search(r"about 0\.\d GB of memory needed on cpu, .* available", said.err)
    steps = re.findall(r"dry step \d of 3: loss (\S+), gradient norm (\S+),", said.err)
    assert len(steps) == len(set(steps)) == 3
    assert all(float(loss) > 0 and float(norm) > 0 for loss, norm in steps)
    assert re.search(r"images/s, .* TFLOP a step", said.out)
    assert re.search(r"peak memory \d+\.\d+ GB", said.out)
    assert list(tmp_path.iterdir()) == [small]


def test_a_dry_run_that_does_not_fit_is_refused_in_one_line(small, secantfw, monkeypatch):
    monkeypatch.setattr("secantfw.forecast.memory_need.available_bytes", lambda device: 10**8)
    said = secantfw("run", small, "--dry-steps", "3")
    assert said.code == 2
    assert "0.1 GB available; lower train.batch_size" in said.err.splitlines()[-1]
    assert "dry step" not in said.err


@pytest.mark.parametrize(
    "arguments", [["--dry-steps", "0"], ["--dry-steps", "2", "--resume", "x"]]
)
def test_dry_steps_that_make_no_sense_are_refused(small, secantfw, arguments):
    said = secantfw("run", *([] if "--resume" in arguments else [small]), *arguments)
    assert (said.code, said.out) == (2, "")
    assert "--dry-steps" in said.err


def test_a_real_run_does_not_take_stand_ins(small, secantfw, tmp_path):
    said = secantfw("run", small)
    assert said.code == 2
    assert "dataset.folder: set this to a path of yours: the latents" in said.err
    assert list(tmp_path.iterdir()) == [small]


def test_other_problems_are_shown_beside_missing_files(small, secantfw):
    said = secantfw("check", small, "loss.use=sdee")
    assert said.code == 2
    assert 'set time_sampler.direction = "both"' in said.out
    assert "but for" not in said.out
