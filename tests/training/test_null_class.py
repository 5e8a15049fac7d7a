"""Guidance by two calls needs a null class that was trained."""

from __future__ import annotations

import pytest
from small_experiment import only_run, write

from secantfw import UserError, load

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")

REFUSED = (
    "2.0 asks the student for its null class, which is never trained; train with "
    "guidance.label_dropout = 0.1, or with a teacher and a guidance.range"
)
UNDROPPED = "guidance.label_dropout=0.0"
SCRATCH = "backbone.init=scratch"


def problems(secantfw, tmp_path, *words):
    found = secantfw("check", write(tmp_path), *words)
    assert (found.code == 2) == (REFUSED in found.out)
    return found.out


@pytest.mark.parametrize("key", ["guidance.scale=2.0", "evaluate.guidance=[1.0, 2.0]"])
def test_a_null_class_that_nothing_trains_is_refused(secantfw, tmp_path, key):
    said = problems(secantfw, tmp_path, SCRATCH, UNDROPPED, key)
    assert f"{key.partition('=')[0]}: {REFUSED}" in said


@pytest.mark.parametrize(
    "words",
    [
        (SCRATCH, "guidance.scale=2.0"),  # label_dropout = 0.2
        (SCRATCH, UNDROPPED),
        (SCRATCH, UNDROPPED, "guidance.scale=2.0", "guidance.range=[1.0, 3.0]"),
    ],
    ids=" ".join,
)
def test_a_null_class_that_is_trained_or_not_asked_for_is_not_refused(secantfw, tmp_path, words):
    assert "null class" not in problems(secantfw, tmp_path, *words)


@pytest.mark.parametrize(
    ("loss", "refused"), [("stei", True), ("sdei", False)], ids=["its own", "the teacher's"]
)
def test_a_student_that_guides_itself_has_its_null_class_trained(
    secantfw, tmp_path, loss, refused
):
    words = (SCRATCH, f"loss.use={loss}", "guidance.range=[1.0, 3.0]")
    said = secantfw("check", write(tmp_path), *words, UNDROPPED).out
    assert ("guidance.range: picard:stei has no teacher, so that" in said) == refused
    assert "null class" not in secantfw("check", write(tmp_path), *words).out


def test_weights_of_another_training_bring_a_null_class_that_drifts(secantfw, tmp_path):
    weights = tmp_path / "weights.safetensors"
    trained(secantfw, tmp_path)
    run = only_run(tmp_path / "runs")
    assert secantfw("export", run, "--out", weights).code == 0
    words = (f"backbone.weights={weights}", UNDROPPED, "guidance.scale=2.0")
    said = problems(secantfw, tmp_path, *words)
    assert REFUSED not in said
    assert said.count("guidance.scale: warning: the student's null class is only what it") == 1
    assert "warning" not in problems(secantfw, tmp_path, *words[:1], "guidance.scale=2.0")
    assert "warning" not in problems(secantfw, tmp_path, *words[:2])


def trained(secantfw, tmp_path, *words):
    done = secantfw("run", write(tmp_path), *words, "train.steps=4", "--out", tmp_path / "runs")
    assert done.code == 0, done.err


def test_a_trained_run_and_a_notebook_refuse_it_too(secantfw, tmp_path):
    trained(secantfw, tmp_path, SCRATCH, UNDROPPED)
    run = only_run(tmp_path / "runs")
    for words in (("sample", run, "--out", tmp_path / "s"), ("evaluate", run)):
        refused = secantfw(*words, "guidance.scale=2.0")
        assert refused.code == 2
        assert REFUSED in refused.err
    with pytest.raises(UserError, match="asks the student for its null class"):
        load(run).sample(2, guidance=2.0)
    assert len(load(run).sample(2, guidance=1.0)) == 2


def test_a_notebook_refuses_a_scale_that_the_student_is_never_told(secantfw, tmp_path):
    trained(secantfw, tmp_path, "guidance.range=[1.0, 3.0]")
    with pytest.raises(UserError, match=r"4.0 lies outside the range \[1.0, 3.0\]"):
        load(only_run(tmp_path / "runs")).sample(2, guidance=4.0)
