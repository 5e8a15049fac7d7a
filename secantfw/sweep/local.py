"""Runs as processes of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from secantfw.runtime.regular_file import appending
from secantfw.sweep.jobs import Job
from secantfw.sweep.launcher import Launcher, Started
from secantfw.sweep.slurm_options import SlurmOptions

_THREADS = "OMP_NUM_THREADS"


class LocalRun(Started):
    """A process whose standard input is a pipe from this one; it ends when the pipe does."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def poll(self) -> int | None:
        return self._process.poll()

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def wait(self) -> int:
        """Until it ends: its exit code."""
        return self._process.wait()

    def wait_in_handler(self) -> None:
        """The same inside a signal's handler, which may have interrupted `wait` and its lock."""
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)


class LocalLauncher(Launcher):
    """Each process gets its share of the cores as threads, unless OMP_NUM_THREADS is set."""

    def __init__(self, processes: int, slurm: SlurmOptions) -> None:
        self._processes = processes

    def start(self, job: Job) -> LocalRun:
        return start_here(job.arguments(), job.log, max(1, cores() // self._processes))


def start_here(arguments: Sequence[str], log: Path, threads: int) -> LocalRun:
    """`secantfw ARGUMENTS` as a process of this machine that ends, saved, with this one."""
    with appending(log) as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "secantfw.cli.sweep_worker", *arguments],
            stdin=subprocess.PIPE,
            stdout=stream,
            stderr=stream,
            env={_THREADS: str(threads), **os.environ},
            start_new_session=True,  # Ctrl-C is for the sweep, which passes it on
        )
    return LocalRun(process)


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
