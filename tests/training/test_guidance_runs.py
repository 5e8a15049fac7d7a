"""Guidance in whole runs: for one class, for several, and for data without labels."""

from __future__ import annotations

import json

import pytest
from small_experiment import TOML, only_run, write

pytestmark = pytest.mark.plugin("fid")

GUIDED = """
[guidance]
label_dropout = 0.3
range = [1.0, 2.5]
scale = 1.7
interval = [0.25, 1.0]
channels = 1
"""
SHORT = (
    "train.steps=2",
    "train.warmup_steps=0",
    "evaluate.samples=16",
    "evaluate.solvers=['secant', 'heun']",
)


def _file(folder, guidance=GUIDED):
    return write(folder, TOML.replace("[guidance]\nlabel_dropout = 0.2\n", guidance))


@pytest.mark.parametrize("classes", [1, 3])
@pytest.mark.parametrize("loss", ["sdei", "stei", "stee"])
def test_a_guided_run_for_any_number_of_classes(secantfw, tmp_path, classes, loss):
    sizes = (f"dataset.components={classes}", f"teacher.components={classes}")
    direction = ("time_sampler.direction='both'",) if loss == "stee" else ()
    ran = secantfw(
        "run", _file(tmp_path), f"loss.use={loss}", *sizes, *direction, *SHORT,
        "--out", tmp_path / "runs",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    rows = json.loads((only_run(tmp_path / "runs") / "evaluation.json").read_text())["rows"]
    assert {row["model"] for row in rows} == {"student", "teacher"}


@pytest.mark.parametrize("loss", ["sdei", "stei"])
def test_without_labels_there_is_no_guidance_and_a_run_needs_none(secantfw, tmp_path, loss):
    unlabelled = ("dataset.labels=false", "teacher.labels=false", f"loss.use={loss}", *SHORT)
    file = _file(tmp_path, "[guidance]\n")
    ran = secantfw("run", file, *unlabelled, "--out", tmp_path / "runs")
    assert ran.code == 0, ran.err
    refused = secantfw("check", _file(tmp_path), *unlabelled)
    assert refused.code == 2
    for key in ("range", "label_dropout", "scale"):
        assert f"guidance.{key}: guidance needs labels" in refused.out + refused.err


def test_more_channels_than_there_are_is_refused(secantfw, tmp_path):
    refused = secantfw("check", _file(tmp_path), "guidance.channels=3")
    assert refused.code == 2
    assert "guidance.channels: 3 channels are to be guided" in refused.out + refused.err


@pytest.mark.plugin("solvers")
def test_solvers_that_cannot_stand_in_the_table_are_refused(secantfw, tmp_path):
    file = _file(tmp_path)
    assert secantfw("check", file, "evaluate.solvers=['secant', 'dopri5']").code == 0
    noisy = secantfw("check", file, "evaluate.reference_solver='sde_heun'")
    assert noisy.code == 2
    assert "draws noise: it solves no ODE" in noisy.out + noisy.err


@pytest.mark.plugin("solvers")
def test_stochastic_samples_repeat_and_dopri5_is_a_reference(secantfw, tmp_path):
    out = tmp_path / "runs"
    solvers = (
        "evaluate.solvers=['secant', 'euler_maruyama']",
        "evaluate.reference_solver='dopri5'",
    )
    for _ in range(2):
        ran = secantfw(
            "run", _file(tmp_path), *SHORT[:3], *solvers, "evaluate.nfe=[4]", "--out", out
        )
        assert ran.code == 0, ran.err
    first, second = (
        json.loads(file.read_text())["rows"] for file in sorted(out.glob("*/*/evaluation.json"))
    )
    assert first == second
    assert ("teacher", "euler_maruyama") in {(row["model"], row["solver"]) for row in first}
