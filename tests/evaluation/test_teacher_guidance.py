"""The teacher's rows under guidance of their own, beside a student that keeps what it learnt."""

import json
from pathlib import Path

import pytest

from secantfw.evaluation.evaluation_file import read_evaluation
from secantfw.sampling.row_guidance import RowGuidance, guidance_labels

SIT = Path(__file__).parents[2] / "experiments" / "sit_picard.toml"
SHORT = (
    "train.steps=2", "train.warmup_steps=0", "train.batch_size=4",
    "evaluate.samples=16", "evaluate.compute_batch=16", "evaluate.picture=0", "evaluate.nfe=[4]",
    "evaluate.reference_steps=2", "evaluate.reference_tolerance=0", "evaluate.baselines=none",
    'evaluate.solvers=["secant","midpoint"]', 'metrics.use=["frechet","trajectory"]',
)  # fmt: skip

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "sit")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from secantfw.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    assert main(["run", str(SIT), *SHORT, "--out", str(out)]) == 0
    (found,) = out.glob("sit_picard/*")
    return found


def rows_of(run):
    return json.loads((run / "evaluation.json").read_text())["rows"]


def test_the_teacher_is_sampled_under_its_own_guidance_and_the_student_under_what_it_learnt(
    run, secantfw
):
    """The range of sit_picard is [2, 2], so that no other scale can be asked of the student."""
    assert secantfw("evaluate", run, "guidance.scale=1").code != 0
    said = secantfw("evaluate", run, "evaluate.teacher_guidance=[1,1.5]",
                    "evaluate.teacher_interval=[0.1,0.4]")  # fmt: skip
    assert said.code == 0, said.err
    found = {(row["model"], row["guidance"], *row["guidance_interval"]) for row in rows_of(run)}
    assert found == {
        ("student", 2.0, 0.0, 0.4751),
        ("teacher", 1.0, 0.1, 0.4),
        ("teacher", 1.5, 0.1, 0.4),
    }
    nfe = {row["guidance"]: row["nfe"] for row in rows_of(run)}
    assert nfe == {2.0: 4, 1.0: 4, 1.5: 2}  # two guided steps would take five evaluations
    compared = {row["guidance"] for row in rows_of(run) if "trajectory_mse" in row}
    assert compared == {2.0}  # the others follow another ODE
    for shown in ("secant w=2 t<=0.4751", "midpoint w=1 ", "midpoint w=1.5 t>0.1 t<=0.4"):
        assert shown in said.out


def test_an_interval_that_was_learnt_is_not_taken_away(run, secantfw):
    said = secantfw("evaluate", run, "guidance.interval=[0,0.3]")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "guidance.interval: the student has learnt its interval" in said.err
    assert "evaluate.teacher_interval" in said.err


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("evaluate.teacher_interval=[0.4,0.3]", "expected [lo, hi] with lo < hi"),
        ("evaluate.teacher_interval=[0,2]", "evaluate.teacher_interval"),
        ("evaluate.teacher_guidance=[-1]", "evaluate.teacher_guidance"),
    ],
)
def test_wrong_guidance_of_the_teacher_is_one_line(run, secantfw, wrong, why):
    said = secantfw("evaluate", run, wrong)
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert why in said.err


def test_guidances_are_named_by_what_tells_them_apart():
    half, whole, none = RowGuidance(2.0, (0.0, 0.5)), RowGuidance(2.0), RowGuidance()
    assert guidance_labels([half, half]) == {half: ""}
    assert guidance_labels([half, none]) == {half: "w=2", none: "w=1"}
    assert guidance_labels([half, whole]) == {half: "w=2 t<=0.5", whole: "w=2"}


def test_reports_call_a_row_as_its_files_are_called(run, secantfw):
    assert secantfw("evaluate", run, "evaluate.teacher_guidance=[1,2]").code == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    shown = {series.solver for series in read_evaluation(evaluation).series}
    assert shown == {"secant w=2", "midpoint w=1", "midpoint w=2"}
