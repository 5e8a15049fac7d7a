"""Jobs that are lost, preempted or found again; fast tests have stand-ins for submitit's jobs."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import attrs
import pytest

from secantfw.load_plugins import load_plugins
from secantfw.runtime.lock import RunLock
from secantfw.sweep import submitted
from secantfw.sweep.jobs import jobs_of
from secantfw.sweep.point_run import PointRun
from secantfw.sweep.slurm_options import SlurmOptions
from secantfw.sweep.submitted import SubmititLauncher
from secantfw.sweep.sweep_file import read_sweep

pytest.importorskip("submitit")
pytestmark = pytest.mark.plugin("basics", "data", "picard", "fid")

EXPERIMENT = """
schema = 1
name = "small"
dataset = { use = "gaussian_mixture", size = 200, held_out = 50 }
teacher = { use = "gaussian_mixture" }
backbone = { use = "mlp", width = 8, depth = 1 }
loss = { use = "sdei" }
time_sampler = { use = "segments", segments = 2 }
train = { steps = 3000, batch_size = 16, save_every_steps = 20 }
metrics = { use = ["trajectory"] }
[evaluate]
samples = 32
batch_size = 32
nfe = [1]
picture = 0
reference_steps = 2
reference_tolerance = 0.0
"""


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "small.toml").write_text(EXPERIMENT)
    file = tmp_path / "sweep.toml"
    file.write_text('[sweep]\nexperiment = "small.toml"\n[sweep.slurm]\ngpus = 0\n')
    return file


@pytest.fixture
def job(sweep, tmp_path):
    (job,) = jobs_of(read_sweep(sweep), [], tmp_path / "out", load_plugins())
    job.folder.mkdir(parents=True)
    return job


@attrs.define
class Ended:
    """submitit's view of a job that ended, with or without leaving a result."""

    job_id: str
    result_pickle: Path
    code: int
    state: str = "NODE_FAIL"
    cancelled: bool = False

    @property
    def paths(self):
        return self

    def done(self):
        return True

    def result(self):
        return self.code

    def cancel(self, check):
        self.cancelled = True


@attrs.define
class Executor:
    queued: list

    def submit(self, _run):
        return self.queued.pop(0)


class Queue(SubmititLauncher):
    """Hands out jobs that are said to it, in place of a cluster."""

    queued: list = []  # noqa: RUF012
    alive = None

    def executor(self, folder):
        folder.mkdir(parents=True)
        return Executor(self.queued)

    def found_again(self, folder, number):
        return self.alive


@pytest.fixture
def launcher(monkeypatch):
    monkeypatch.setattr(submitted, "_CHECK_SECONDS", 0.0)
    return Queue(1, SlurmOptions(requeues=2))


def test_a_job_that_is_lost_is_queued_again_until_there_were_enough(launcher, job, tmp_path):
    launcher.queued = [Ended(str(n), tmp_path / "none", 0) for n in (11, 12, 13)]
    run = launcher.start(job)
    assert [run.poll() for _ in range(3)] == [None, None, 3]
    assert json.loads((job.folder / "submitted.json").read_text())["job"] == "13"
    assert job.error(3) == "job 13 was lost (NODE_FAIL, code -9), after 2 more"


def test_a_run_that_says_what_is_wrong_is_not_queued_again(launcher, job, tmp_path):
    launcher.queued = [Ended("11", tmp_path, 2), Ended("12", tmp_path, 0)]
    assert launcher.start(job).poll() == 2
    assert len(launcher.queued) == 1


def test_a_job_of_a_sweep_that_died_is_found_again(launcher, job, tmp_path):
    launcher.queued = [Ended("11", tmp_path, 0)]
    launcher.start(job)
    launcher.alive = Ended("11", tmp_path, 3)
    run = launcher.start(job)  # nothing is left to be queued: a second job would raise
    run.stop()
    assert launcher.alive.cancelled
    assert run.poll() == 143
    (job.folder / "submitted.json").write_text('{"folder": "../..", "job": "1; true"}')
    assert launcher._queued_before(job) is None


def test_two_jobs_never_work_on_one_run(job):
    lock = RunLock(job.folder)
    try:
        assert "in use" in job.in_use()
        assert PointRun(job, 1)() == 2
        assert "in use by process" in job.error(2)
    finally:
        lock.release()
    assert not job.in_use()


@pytest.mark.slow
def test_a_job_that_is_preempted_saves_and_goes_on(sweep, tmp_path):
    """SIGUSR2 to the task and to the run, as Slurm sends it to all; the same table as without."""
    command = [sys.executable, "-m", "secantfw", "sweep", str(sweep), "--launcher",
               "submitit-local", "--out"]  # fmt: skip
    subprocess.run([*command, str(tmp_path / "a")], check=True, capture_output=True)
    process = subprocess.Popen([*command, str(tmp_path / "b")], stderr=subprocess.DEVNULL)
    end = time.monotonic() + 240
    while not list((tmp_path / "b").glob("sweep/*/*/*/checkpoints/step-*/state.json")):
        assert time.monotonic() < end
        time.sleep(0.01)
    for pid in _processes(b"submitit.core._submit", str(tmp_path / "b")):
        for child in _children(pid):
            os.kill(child, signal.SIGUSR2)
        os.kill(pid, signal.SIGUSR2)
    assert process.wait() == 0
    one, other = (tmp_path / name / "sweep" / "compare.csv" for name in "ab")
    assert one.read_bytes() == other.read_bytes()
    (run,) = (tmp_path / "b").glob("sweep/*/*/*/events.jsonl")
    assert "resumed" in run.read_text()
    (log,) = (tmp_path / "b").glob("sweep/*/log.txt")
    assert "stopped after step" in log.read_text()
    assert "was lost" not in log.read_text()


def _processes(word, path):
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes()
        except OSError:
            continue
        if word in words and path.encode() in words:
            found.append(int(file.parent.name))
    return found


def _children(pid):
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
