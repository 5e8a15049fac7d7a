"""The paper's recipes from their files to a figure, and what follows: small, but the same path."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from paper_files.recipes import PaperFiles

pytestmark = [
    pytest.mark.plugin("sit", "edm", "data", "picard", "basics", "fid"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]
FOLDER = Path(__file__).parents[2] / "experiments" / "paper"
SMALL = (
    "train.steps=2", "train.batch_size=4", "train.save_every_steps=1", "train.precision=fp32",
    "train.device=cpu", "evaluate.samples=10", "evaluate.compute_batch=4", "evaluate.batch_size=4",
    "evaluate.seeds=[0,1]", "evaluate.picture=6",
)  # fmt: skip


@pytest.mark.parametrize(
    "recipe", ["sit_xl2_imagenet256_sdei_4step", "edm_cifar10_uncond_sdei_2step"]
)
def test_a_recipe_runs_to_its_end(recipe, tmp_path, secantfw):
    pytest.importorskip("cleanfid")
    pytest.importorskip("diffusers")
    files = tmp_path / "files"
    files.mkdir()
    words = [FOLDER / f"{recipe}.toml", *PaperFiles.written(files).overrides(recipe), *SMALL]
    checked = secantfw("check", *words)
    assert checked.code == 0, checked.err + checked.out
    one = finished(secantfw("run", *words, "--out", tmp_path / "one"), tmp_path / "one")
    two = finished(
        secantfw("run", *words, "--out", tmp_path / "two", "--processes", 2), tmp_path / "two"
    )
    for run in (one, two):
        rows(run)
    follows(two, secantfw, tmp_path)


def finished(said, out):
    """The directory of a run that ended well."""
    (run,) = out.glob("*/*")
    assert said.code == 0, said.err + (run / "outcome.json").read_text()
    assert json.loads((run / "outcome.json").read_text())["status"] == "finished"
    assert not (run / ".evaluation").exists()
    return run


def rows(run):
    """Every number is one, and nothing was held out to compare with."""
    found = json.loads((run / "evaluation.json").read_text())
    (row,) = found["rows"]
    for column in found["columns"]:
        assert math.isfinite(row[column["key"]])
        assert math.isfinite(row["deviations"][column["key"]])
        assert column["floor"] is None
    assert list((run / "samples").glob("*.png"))
    return found


def follows(run, secantfw, tmp_path):
    """Evaluated again, on one process, the figures are the same; it resumes, samples, exports."""
    (before,) = rows(run)["rows"]
    assert secantfw("evaluate", run).code == 0
    (after,) = rows(run)["rows"]
    # To rounding: a process of its own may compute with more threads than one of two.
    for key in ("frechet_distance", *(["inception_score"] if "inception_score" in before else [])):
        assert after[key] == pytest.approx(before[key], rel=1e-5)
    resumed = secantfw("run", "--resume", run, "train.steps=3", "--allow-change", "train.steps")
    assert resumed.code == 0, resumed.err
    assert [row["frechet_distance"] for row in rows(run)["rows"]] != []
    sampled = secantfw("sample", run, "--count", 3, "--out", tmp_path / "samples")
    assert sampled.code == 0, sampled.err
    assert len(list((tmp_path / "samples").glob("*.png"))) == 3
    exported = secantfw("export", run, "--out", tmp_path / "student.safetensors")
    assert exported.code == 0, exported.err
