"""A distribution that is not ours: installed with pip, used from a TOML file, uninstalled."""

from __future__ import annotations

import json

import pytest

from secantfw.cli.main import VERBS


@pytest.fixture(scope="module")
def huber(scratch):
    scratch.install("secantfw-huber")
    return scratch


def test_it_is_listed_with_its_distribution_and_version(huber):
    rows = json.loads(huber.secantfw("plugins", "--json").stdout)
    (row,) = [row for row in rows if row["name"] == "huber"]
    assert row["distribution"] == "secantfw-huber 0.3.1"
    assert (row["status"], row["components"]) == ("ok", {"loss": 1})


def test_it_stands_among_the_components_and_is_described(huber):
    assert "huber:huber" in huber.secantfw("components", "loss").stdout
    said = huber.secantfw("describe", "loss:huber").stdout
    assert "delta" in said
    assert "data std" in said
    assert "secantfw_huber/loss.py:" in said


@pytest.mark.skipif("conform" not in VERBS, reason="no conform verb")
@pytest.mark.plugin("basics", "data")
def test_it_conforms(huber):
    huber.secantfw("conform", "huber")


@pytest.mark.plugin("basics", "data")
def test_its_experiment_runs_and_the_run_names_it(huber):
    huber.secantfw("check", "huber/gaussians.toml")
    huber.secantfw("run", "huber/gaussians.toml", "train.steps=20", "evaluate.samples=0")
    (directory,) = (huber.root / "runs" / "gaussians").iterdir()
    assert json.loads((directory / "outcome.json").read_text())["status"] == "finished"
    assert 'use = "huber:huber"' in (directory / "resolved.toml").read_text()
    plugins = json.loads((directory / "environment.json").read_text())["plugins"]
    assert {"name": "huber", "distribution": "secantfw-huber 0.3.1"} in plugins


@pytest.mark.plugin("basics", "data")
def test_uninstalled_it_is_missed_by_name(huber):
    huber.secantfw("components", "loss", "--plugins", "huber")
    directory = next((huber.root / "runs" / "gaussians").iterdir())
    huber.pip("uninstall", "--yes", "secantfw-huber")
    assert "huber" not in huber.secantfw("plugins").stdout
    done = huber.secantfw("check", str(directory / "resolved.toml"), "--no-build", code=2)
    assert "no plug-in named 'huber' is installed; this experiment requires it" in done.stdout
