"""A sweep ends in one table, however often it is killed; one run that fails stops no other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secantfw.cli.main import main
from secantfw.sweep import launchers
from secantfw.sweep.launcher import Launcher, Started

pytestmark = pytest.mark.plugin("basics", "data", "picard", "fid")

EXPERIMENT = """
schema = 1
name = "small"
dataset = { use = "gaussian_mixture", size = 200, held_out = 50 }
teacher = { use = "gaussian_mixture" }
backbone = { use = "mlp", width = 8, depth = 1 }
loss = { use = "sdei" }
time_sampler = { use = "segments", segments = 2 }
[train]
steps = 4
batch_size = 16
save_every_steps = 1
[evaluate]
samples = 32
batch_size = 32
nfe = [1, 2]
picture = 0
reference_steps = 2
reference_tolerance = 0.0
[metrics]
use = ["trajectory"]
"""
SWEEP = """
[sweep]
experiment = "small.toml"
seeds = [0, 1]
[sweep.grid]
"loss.use" = ["sdei", "stei"]
"""


@pytest.fixture
def sweep(tmp_path) -> Path:
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    file = tmp_path / "sweep.toml"
    file.write_text(SWEEP)
    return file


class Ended(Started):
    def __init__(self, code: int) -> None:
        self.code = code

    def poll(self) -> int:
        return self.code

    def stop(self) -> None:
        raise AssertionError("it has ended")


class InProcess(Launcher):
    """Runs at once, in this process; `killed` are numbers of starts that a signal ends."""

    started: list[list[str]] = []  # noqa: RUF012
    killed: set[int] = set()  # noqa: RUF012

    def __init__(self, processes, slurm) -> None:
        pass

    def start(self, job):
        self.started.append(job.arguments())
        if len(self.started) - 1 in self.killed:
            return Ended(-9)
        return Ended(main(job.arguments()))


@pytest.fixture(autouse=True)
def in_process(monkeypatch):
    monkeypatch.setitem(launchers.LAUNCHERS, "here", InProcess)
    monkeypatch.setattr("secantfw.sweep.conduct._POLL_SECONDS", 0.0)
    monkeypatch.setattr(InProcess, "started", [])
    monkeypatch.setattr(InProcess, "killed", set())


def call(sweep: Path, out: Path, *more: str) -> int:
    return main(["sweep", str(sweep), "--launcher", "here", "--out", str(out), *more])


def index(out: Path) -> list[dict]:
    return json.loads((out / "sweep" / "index.json").read_text())["jobs"]


def test_runs_that_were_killed_are_made_again_and_the_table_is_the_same(sweep, tmp_path, capsys):
    assert call(sweep, tmp_path / "a") == 0
    assert len(InProcess.started) == 4
    InProcess.started, InProcess.killed = [], {1, 3}
    assert call(sweep, tmp_path / "b") == 1
    assert [job["status"] for job in index(tmp_path / "b")] == [
        "finished", "failed", "finished", "failed",
    ]  # fmt: skip
    said = (tmp_path / "b" / "sweep" / "compare.md").read_text()
    assert said.count("killed by signal 9") == 2
    InProcess.started, InProcess.killed = [], set()
    assert call(sweep, tmp_path / "b") == 0
    assert len(InProcess.started) == 2
    for name in ("compare.md", "compare.csv"):
        one, other = (tmp_path / out / "sweep" / name for out in "ab")
        assert one.read_bytes() == other.read_bytes()
    assert call(sweep, tmp_path / "b") == 0
    assert len(InProcess.started) == 2
    assert {job["status"] for job in index(tmp_path / "b")} == {"finished"}
    capsys.readouterr()


def test_a_run_that_fails_stops_no_other_and_its_error_is_in_the_table(sweep, tmp_path, capsys):
    sweep.write_text(
        SWEEP + '[[sweep.points]]\n"dataset.size" = 3\n"train.learning_rate" = 1e300\n'
    )
    assert call(sweep, tmp_path / "out") == 1
    statuses = [job["status"] for job in index(tmp_path / "out")]
    assert statuses.count("finished") == 4
    assert statuses.count("failed") == 2
    text = (tmp_path / "out" / "sweep" / "compare.md").read_text()
    assert "not finite" in text
    capsys.readouterr()


def test_a_point_that_is_no_experiment_is_refused_before_anything_begins(sweep, tmp_path, capsys):
    sweep.write_text(SWEEP + '[[sweep.points]]\n"loss.us" = "sdei"\n')
    assert call(sweep, tmp_path / "out") == 2
    assert 'in the point loss.us="sdei"' in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_launcher_that_is_not_there_is_named(sweep, tmp_path, capsys):
    assert main(["sweep", str(sweep), "--launcher", "locl", "--out", str(tmp_path / "o")]) == 2
    assert "did you mean 'local'?" in capsys.readouterr().err


def test_a_worker_ends_as_by_sigterm_when_the_sweep_is_gone():
    code = (
        "import threading, time; from secantfw.cli.sweep_worker import end_with_sweep; "
        "threading.Thread(target=end_with_sweep, daemon=True).start(); print(1, flush=True); "
        "time.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"1\n"
    process.stdin.close()  # what the kernel does when a process is killed
    assert process.wait(timeout=10) == -signal.SIGTERM
    process.stdout.close()


@pytest.mark.slow
def test_killed_twice_and_gone_on_with_it_ends_in_the_same_table(sweep, tmp_path):
    """Kill the sweep, then one of its runs; nothing is left alive, and nothing is lost."""
    command = [sys.executable, "-m", "secantfw", "sweep", str(sweep), "--processes", "2",
               "train.steps=400", "train.save_every_steps=20", "--out"]  # fmt: skip
    subprocess.run([*command, str(tmp_path / "a")], check=True, capture_output=True)
    out = tmp_path / "b"
    first = subprocess.Popen([*command, str(out)], stderr=subprocess.DEVNULL)
    wait_for(lambda: list(out.glob("sweep/*/*/*/checkpoints/step-*/state.json")))
    running = workers_below(out)
    first.kill()
    first.wait()
    wait_for(lambda: not any(alive(pid) for pid in running))
    second = subprocess.Popen([*command, str(out)], stderr=subprocess.DEVNULL)
    wait_for(lambda: workers_below(out))
    time.sleep(4)
    for pid in workers_below(out)[:1]:
        os.kill(pid, signal.SIGKILL)
    assert second.wait() in (0, 1)
    last = subprocess.run([*command, str(out)], capture_output=True)
    assert last.returncode == 0
    one, other = (tmp_path / name / "sweep" / "compare.csv" for name in "ab")
    assert one.read_bytes() == other.read_bytes()


def workers_below(out: Path) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"secantfw.cli.sweep_worker" in words and any(str(out).encode() in w for w in words):
            found.append(int(file.parent.name))
    return found


def alive(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.1)
