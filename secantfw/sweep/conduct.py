"""Conduct a sweep: as many runs at a time as asked for, until all have ended or one stops it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import attrs

from secantfw.runtime.progress import Progress
from secantfw.runtime.signals import StopRequest
from secantfw.sweep.index import write_index
from secantfw.sweep.jobs import Job
from secantfw.sweep.launcher import Launcher, Started
from secantfw.sweep.sweep_file import SweepPlan

_POLL_SECONDS = 0.2
#: For a run of a killed sweep to save and end; after that its lock is an error like another.
_WAIT_SECONDS = 120.0


@attrs.define(eq=False)
class Conductor:
    """The runs that wait, those that work, and what became of the others."""

    root: Path
    plan: SweepPlan
    jobs: Sequence[Job]
    launcher: Launcher
    progress: Progress
    waiting: deque[Job] = attrs.field(factory=deque)
    active: dict[Job, Started] = attrs.field(factory=dict)
    errors: dict[Job, str] = attrs.field(factory=dict)

    def run(self, processes: int, stop: StopRequest) -> None:
        """Until nothing waits or works; once `stop` is requested, until nothing works."""
        self.waiting.extend(job for job in self.jobs if job.finished() is None)
        self.write()
        patience = time.monotonic() + _WAIT_SECONDS
        stopping = False
        while self.active or (self.waiting and not stop.requested):
            if stop.requested and not stopping:
                stopping = True
                for started in self.active.values():
                    started.stop()
            if not stop.requested and len(self.active) < processes:
                self._start(time.monotonic() > patience)
            self._reap(ended_by_stop=stopping)
            time.sleep(_POLL_SECONDS)
        self.write()

    def _start(self, impatient: bool) -> None:
        """The next job that nobody else works on any more."""
        for _ in range(len(self.waiting)):
            job = self.waiting.popleft()
            if job.in_use() and not impatient:
                self.waiting.append(job)
                continue
            job.folder.mkdir(parents=True, exist_ok=True)
            self.progress.note(f"{job.label}: {'goes on' if job.begun() else 'begins'}")
            self.active[job] = self.launcher.start(job)
            self.write()
            return

    def _reap(self, ended_by_stop: bool) -> None:
        for job, started in list(self.active.items()):
            code = started.poll()
            if code is None:
                continue
            del self.active[job]
            if job.finished() is None and not (ended_by_stop and code in (130, 143, -15)):
                self.errors[job] = job.error(code)
                self.progress.note(f"{job.label}: {self.errors[job]}; see {job.log}")
            self.write()
            self.progress.update(self.done())

    def done(self) -> int:
        return sum(job in self.errors or job.finished() is not None for job in self.jobs)

    def write(self) -> None:
        write_index(self.root, self.plan, self.jobs, self.errors, set(self.active))
