"""Every recipe of the paper on small files of the official formats: checked, trained a step,
evaluated in a block, by the code that full-scale runs take.

The recipes for four steps stand for the others, which `-m slow` adds. The Frechet distance between
Gaussians of 2048 dimensions takes seconds and depends on no recipe: it is left out here.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from paper_files.recipes import BRIEF, PaperFiles

pytestmark = [
    pytest.mark.plugin("sit", "edm", "data", "picard", "basics", "fid"),
    pytest.mark.filterwarnings("ignore:.torch.jit:FutureWarning"),
]
FOLDER = Path(__file__).parents[2] / "experiments" / "paper"
RECIPES = sorted(file.stem for file in FOLDER.glob("*.toml"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    pytest.importorskip("diffusers")
    pytest.importorskip("cleanfid")
    return PaperFiles.written(tmp_path_factory.mktemp("official"))


def marked(recipe: str):
    always = recipe.endswith("_4step") or "_scratch_" in recipe
    return recipe if always else pytest.param(recipe, marks=pytest.mark.slow)


def test_there_are_the_papers_forty_and_two_of_its_variants():
    assert len(RECIPES) == 42


@pytest.mark.parametrize("recipe", [marked(recipe) for recipe in RECIPES])
def test_a_recipe_takes_a_step_and_is_evaluated(recipe, files, secantfw, tmp_path, monkeypatch):
    monkeypatch.setattr("secantfw_fid.frechet.frechet_distance", lambda found, reference: 1.0)
    arguments = [FOLDER / f"{recipe}.toml", *files.overrides(recipe)]
    checked = secantfw("check", *arguments, "train.batch_size=2")
    assert checked.code == 0, checked.out + checked.err
    ended = secantfw("run", *arguments, *BRIEF, "--out", tmp_path)
    assert ended.code == 0, ended.err
    (run,) = tmp_path.glob("*/*")
    assert json.loads((run / "outcome.json").read_text())["status"] == "finished"
    (row,) = json.loads((run / "evaluation.json").read_text())["rows"]
    assert row["steps"] == int(recipe.rpartition("_")[2].removesuffix("step"))
    assert row["frechet_distance"] == 1.0
    assert list((run / "samples").glob("*.png"))
