"""A run that was stopped and resumed ends as if it had never been stopped, bit for bit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from small_experiment import TOML, only_run, weights, write

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")


def lines(run):
    """metrics.jsonl without the one number that is a time."""
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in r.items() if k != "images_per_second"} for r in records]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture
def straight(secantfw, tmp_path):
    """The uninterrupted run."""
    assert secantfw("run", write(tmp_path), "--out", tmp_path / "straight").code == 0
    return only_run(tmp_path / "straight")


def stop_after(monkeypatch, steps: int, number: int = signal.SIGINT):
    """Have the process receive a signal during step `steps`."""
    from secantfw.training import loop
    from secantfw.training.update import Update

    original = Update.__call__

    def update(self, step, loss):
        if step + 1 == steps:
            os.kill(os.getpid(), number)
        return original(self, step, loss)

    monkeypatch.setattr(loop.Update, "__call__", update)


@pytest.mark.parametrize("stopped_at", range(1, 12))
def test_a_run_interrupted_at_any_step_resumes_bit_for_bit(
    secantfw, tmp_path, straight, monkeypatch, stopped_at
):
    with monkeypatch.context() as patch:
        stop_after(patch, stopped_at)
        stopped = secantfw("run", write(tmp_path), "--out", tmp_path / "stopped")
    run = only_run(tmp_path / "stopped")
    assert stopped.code == 130
    assert json.loads((run / "outcome.json").read_text())["status"] == "interrupted"
    assert f"stopped after step {stopped_at}" in stopped.err
    assert secantfw("run", "--resume", run).code == 0
    assert weights(run) == weights(straight)
    assert lines(run) == lines(straight)
    assert (
        json.loads((run / "evaluation.json").read_text())["rows"]
        == (json.loads((straight / "evaluation.json").read_text())["rows"])
    )


def test_an_average_by_images_resumes_bit_for_bit(secantfw, tmp_path, monkeypatch):
    text = TOML.replace("decay = 0.9", "halflife_images = 300\nrampup_ratio = 0.5")
    assert secantfw("run", write(tmp_path, text), "--out", tmp_path / "straight").code == 0
    with monkeypatch.context() as patch:
        stop_after(patch, 7)
        assert secantfw("run", write(tmp_path, text), "--out", tmp_path / "stopped").code == 130
    run = only_run(tmp_path / "stopped")
    assert secantfw("run", "--resume", run).code == 0
    assert weights(run) == weights(only_run(tmp_path / "straight"))


def test_sigterm_saves_and_ends_with_143(secantfw, tmp_path, straight, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 6, signal.SIGTERM)
        assert secantfw("run", write(tmp_path), "--out", tmp_path / "stopped").code == 143
    run = only_run(tmp_path / "stopped")
    assert json.loads((run / "outcome.json").read_text())["status"] == "terminated"
    assert secantfw("run", "--resume", run).code == 0
    assert weights(run) == weights(straight)


def test_a_run_killed_outright_resumes_from_its_last_checkpoint(secantfw, tmp_path, straight):
    """SIGKILL of a real process, after its first checkpoint."""
    file = write(tmp_path, TOML)
    program = (
        "import time, sys\n"
        "from secantfw.training import loop\n"
        "original = loop.Update.__call__\n"
        "def slow(self, step, loss):\n"
        "    time.sleep(0.2)\n"
        "    return original(self, step, loss)\n"
        "loop.Update.__call__ = slow\n"
        "from secantfw.cli.main import main\n"
        f"sys.exit(main(['run', {str(file)!r}, '--out', {str(tmp_path / 'killed')!r}]))\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},  # sums depend on the number of threads
    )
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("killed/*/*/checkpoints/step-000004")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    run = only_run(tmp_path / "killed")
    assert not (run / "outcome.json").exists()
    assert secantfw("run", "--resume", run).code == 0
    assert weights(run) == weights(straight)
    assert lines(run) == lines(straight)


def test_a_finished_run_says_so(secantfw, straight):
    again = secantfw("run", "--resume", straight)
    assert again.code == 2
    assert "this run has finished" in again.err


def test_a_resumed_run_must_be_the_same_experiment(secantfw, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 6)
        secantfw("run", write(tmp_path), "--out", tmp_path / "out")
    run = only_run(tmp_path / "out")
    changed = secantfw("run", "--resume", run, "train.learning_rate=0.5")
    assert changed.code == 2
    assert "experiment" in changed.err


def test_a_damaged_newest_checkpoint_is_reported_and_the_one_before_used(
    secantfw, tmp_path, straight, monkeypatch
):
    with monkeypatch.context() as patch:
        stop_after(patch, 10)
        secantfw("run", write(tmp_path), "--out", tmp_path / "out")
    run = only_run(tmp_path / "out")
    damaged = run / "checkpoints" / "step-000010" / "ema.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-3] ^= 1
    damaged.write_bytes(content)
    resumed = secantfw("run", "--resume", run)
    assert resumed.code == 0
    assert "step-000010/ema.safetensors: damaged" in resumed.err
    assert weights(run) == weights(straight)
    assert lines(run) == lines(straight)


def test_resuming_what_is_no_run_names_the_nearest_run(secantfw, tmp_path, straight):
    said = secantfw("run", "--resume", straight.parent)
    assert said.code == 2
    assert f"did you mean {straight}" in said.err
