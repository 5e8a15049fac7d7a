"""Runs as processes of this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from secantfw.sweep.launcher import Launcher, Started

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


class LocalLauncher(Launcher):
    """Each process gets its share of the cores as threads, unless OMP_NUM_THREADS is set."""

    def __init__(self, processes: int) -> None:
        self._environment = dict(os.environ)
        self._environment.setdefault(_THREADS, str(max(1, cores() // processes)))

    def start(self, arguments: Sequence[str], log: Path) -> LocalRun:
        with log.open("ab") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "secantfw.sweep.worker", *arguments],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the sweep, which passes it on
            )
        return LocalRun(process)


def cores() -> int:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
