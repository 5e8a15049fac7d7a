"""What a run refuses, before it spends anything; what an interrupted one leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

pytestmark = pytest.mark.plugin("basics", "data", "picard", "fid")

SMALL = (
    "train.steps=4",
    "train.warmup_steps=1",
    "train.batch_size=8",
    "backbone.width=16",
    "evaluate.samples=16",
    "evaluate.batch_size=16",
    "evaluate.reference_steps=2",
    "evaluate.reference_tolerance=0",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from pathlib import Path

    from secantfw.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    file = Path(__file__).parents[2] / "experiments" / "gmm_picard.toml"
    assert main(["run", str(file), *SMALL, "--out", str(out)]) == 0
    (found,) = out.glob("gmm_picard/*")
    return found


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("path.use=vp", "command line: path.use: a trained run keeps it"),
        ("loss.use=tangent", "command line: loss.use: a trained run keeps it"),
        ("train.steps=3", "command line: train.steps: a trained run keeps it"),
        ("guidance.scale=2", "guidance needs labels"),
        ("evaluate.samples=0", "evaluate.samples is 0"),
        ('evaluate.solvers=["midpoint"]', "no solver fits"),
        ('evaluate.solvers=["euler","euler"]', "basics:euler stands twice"),
        ('metrics.use=["trajectory","trajectory"]', "two metrics write the column"),
        ("evaluate.reference_solver=secant", "a teacher has no secants"),
    ],
)
def test_a_trained_run_refuses_it_and_keeps_its_evaluation(run, secantfw, override, said):
    before = {f: f.read_bytes() for f in run.rglob("*") if f.is_file()}
    extra = ["--nfe", "1"] if "midpoint" in override else []
    refused = secantfw("evaluate", run, *extra, override)
    assert refused.code == 2
    assert said in refused.err
    assert "Traceback" not in refused.err
    assert {f: f.read_bytes() for f in run.rglob("*") if f.is_file()} == before


def test_overrides_of_an_evaluation_are_recorded(run, secantfw):
    assert secantfw("evaluate", run, "--nfe", "1", "evaluate.samples=8").code == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["overrides"] == "evaluate.samples=8 evaluate.nfe=[1]"
    assert secantfw("evaluate", run).code == 0


def test_overrides_may_stand_before_the_run(run, secantfw):
    assert secantfw("evaluate", "evaluate.samples=8", run, "evaluate.nfe=[1]").code == 0
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["overrides"] == "evaluate.samples=8 evaluate.nfe=[1]"
    assert secantfw("evaluate", run).code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--nfe", "1", "evaluate.nfe=[4]"],
            "evaluate: --nfe 1 and evaluate.nfe=[4] set one key; give one of them",
        ),
        (
            ["--nfe", "abc"],
            "evaluate: --nfe: expected numbers such as 1,2,4, got abc",
        ),
        (
            ["evaluate.nfe=[]"],
            "command line: evaluate.nfe: expected at least one NFE, got none; "
            "to train without an evaluation write evaluate.samples = 0",
        ),
        (
            ["train.device=cuda"],
            "command line: train.device: 'cuda' was asked for, and this machine has no CUDA "
            "device; take 'auto' or 'cpu'",
        ),
    ],
)
def test_an_evaluation_is_refused_in_one_line(run, secantfw, monkeypatch, arguments, said):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    refused = secantfw("evaluate", run, *arguments)
    assert refused.code == 2
    assert refused.err == f"secantfw: error: {said}\n"


def test_show_takes_a_run(run, secantfw):
    text = (run / "resolved.toml").read_text()
    assert secantfw("show", run, "--origins").out == text
    plain = secantfw("show", run).out
    assert plain == secantfw("show", run / "resolved.toml").out
    assert "steps = 4\n" in plain
    assert "steps = 5\n" in secantfw("show", run, "train.steps=5").out


def test_a_run_says_where_a_device_it_lacks_was_asked_for(
    secantfw, experiments, tmp_path, monkeypatch
):
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    said = secantfw("run", experiments / "gmm_picard.toml", "train.device=cuda", "--out", tmp_path)
    assert said.code == 2
    assert "\nsecantfw: error: command line: train.device: 'cuda' was asked for" in said.err
    assert list(tmp_path.iterdir()) == []


def test_one_sample_leaves_valid_json(run, secantfw):
    assert secantfw("evaluate", run, "--nfe", "1", "evaluate.samples=1").code == 0

    def refuse(text):
        raise AssertionError(f"{text} is not JSON")

    content = (run / "evaluation.json").read_text()
    rows = json.loads(content, parse_constant=refuse)["rows"]
    assert rows[0]["frechet_distance"] is None
    assert secantfw("evaluate", run).code == 0


@pytest.mark.parametrize("key", ["evaluate.reference_solver", "train.teacher_solver"])
def test_a_solver_that_no_teacher_serves_is_refused_before_training(
    secantfw, experiments, tmp_path, key
):
    said = secantfw(
        "run", experiments / "gmm_picard.toml", f"{key}=secant", "--out", tmp_path / "out"
    )
    assert said.code == 2
    assert f"{key}: a teacher has no secants" in said.err
    assert not (tmp_path / "out").exists()


def test_a_second_process_on_a_run_is_refused_by_the_first_ones_name(run, secantfw):
    from secantfw.runtime.lock import RunLock

    lock = RunLock(run)
    try:
        refused = secantfw("run", "--resume", run)
    finally:
        lock.release()
    assert refused.code == 2
    assert f"in use by process {os.getpid()} on" in refused.err


@pytest.mark.parametrize("content", ["{", "[]"])
def test_a_broken_outcome_is_no_finished_run(run, secantfw, content):
    outcome = run / "outcome.json"
    kept = outcome.read_text()
    outcome.write_text(content)
    try:
        resumed = secantfw("run", "--resume", run)
        assert resumed.code == 0  # training is complete: it evaluates again
    finally:
        outcome.write_text(kept)


@pytest.mark.parametrize(
    ("number", "code", "status"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_signal_during_evaluation_leaves_an_outcome_and_can_be_resumed(
    secantfw, experiments, tmp_path, number, code, status
):
    out = tmp_path / "out"
    file = str(experiments / "gmm_picard.toml")
    command = ["run", file, *SMALL, "evaluate.samples=4000000", "--out", str(out)]
    program = f"import sys; from secantfw.cli.main import main; sys.exit(main({command!r}))"
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # as a shell's `&` does
    )
    assert process.stderr is not None
    watchdog = threading.Timer(120, process.kill)  # a lost signal must not hang the suite
    watchdog.start()
    for line in process.stderr:
        if b"reference: teacher" in line:
            break
    time.sleep(0.3)
    process.send_signal(number)
    rest = process.stderr.read().decode()
    assert process.wait() == code
    watchdog.cancel()
    (directory,) = out.glob("*/*")
    assert f"secantfw run --resume {directory}" in rest
    assert "Traceback" not in rest
    assert json.loads((directory / "outcome.json").read_text())["status"] == status


@pytest.mark.parametrize(
    ("number", "code", "status"),
    [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")],
)
def test_a_second_signal_ends_within_the_step_and_leaves_an_outcome(
    secantfw, experiments, tmp_path, monkeypatch, number, code, status
):
    from secantfw.runtime import signals
    from secantfw.runtime.checkpoint_folder import newest_valid
    from secantfw.training import loop

    original = loop.Update.__call__

    def update(self, step, loss):
        if step == 3:
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)
        return original(self, step, loss)

    file = experiments / "gmm_picard.toml"
    keys = (*SMALL, "train.save_every_steps=2")
    with monkeypatch.context() as patch:
        patch.setattr(signals, "_SAME_REQUEST_SECONDS", -1.0)
        patch.setattr(loop.Update, "__call__", update)
        stopped = secantfw("run", file, *keys, "--out", tmp_path)
    assert stopped.code == code
    (run,) = tmp_path.glob("*/*")
    assert f"stopped at once; continue with: secantfw run --resume {run}\n" in stopped.err
    outcome = json.loads((run / "outcome.json").read_text())
    assert (outcome["status"], outcome["step"]) == (status, 3)
    assert outcome["message"] == "at once, within a step; the newest checkpoint is step-000002"
    assert newest_valid(run / "checkpoints")[0].name == "step-000002"
    assert secantfw("run", "--resume", run).code == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_first_step_is_said(
    secantfw, experiments, tmp_path, monkeypatch, number, code
):
    monkeypatch.setattr(
        "secantfw.training.job.build_experiment", lambda *_: os.kill(os.getpid(), number)
    )
    said = secantfw("run", experiments / "gmm_picard.toml", "--out", tmp_path)
    assert said.code == code
    assert said.err.endswith("\nstopped before the first step\n")
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_save_are_removed(tmp_path):
    from secantfw.runtime.checkpoint_folder import prune

    (tmp_path / "step-000004.tmp-123").mkdir()
    (tmp_path / "step-000002").mkdir()
    prune(tmp_path, keep_last=3)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000002"]
