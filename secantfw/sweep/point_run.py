"""What a job of a cluster does: one run of a sweep, begun, or gone on with where it was left.

submitit pickles the object, calls it in the job, and calls it again after a requeue. It reads the
run's folder each time, so that whoever queued the job again, and why, makes no difference.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import attrs

from secantfw.errors import ExitCode, UserError
from secantfw.runtime.lock import RunLock
from secantfw.sweep.jobs import Job
from secantfw.sweep.local import LocalRun, cores, start_here

if TYPE_CHECKING:
    from submitit.core.utils import DelayedSubmission

#: submitit's "save, you will be preempted". A cluster sends it to every process of a job, and one
#: that does not know it would die of it.
_PREEMPTED = {signal.SIGUSR2}


@attrs.define(eq=False)
class PointRun:
    """`secantfw run` for a job of the sweep, on `processes` processes of one machine."""

    job: Job
    processes: int
    _run: LocalRun | None = attrs.field(default=None, init=False)

    def __call__(self) -> int:
        """Until the run ends: its exit code. Never two at a time in one folder."""
        if self.job.finished() is not None:
            return int(ExitCode.DONE)
        try:
            lock = RunLock(self.job.folder)
        except UserError as error:
            self.job.note(f"secantfw: error: {error}")
            return int(error.exit_code)
        try:
            signal.pthread_sigmask(
                signal.SIG_BLOCK, _PREEMPTED
            )  # for the child, which inherits it
            self._run = start_here(
                self._arguments(), self.job.log, max(1, cores() // self.processes)
            )
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _PREEMPTED)
            return self._run.wait()
        finally:
            lock.release()

    def checkpoint(self) -> DelayedSubmission:
        """Called in the signal's handler: the run saves and ends, and is then queued again."""
        from submitit.core.utils import DelayedSubmission

        if self._run is not None:
            self._run.stop()
            self._run.wait_in_handler()
        return DelayedSubmission(PointRun(self.job, self.processes))

    def _arguments(self) -> list[str]:
        more = ["--processes", str(self.processes)] if self.processes > 1 else []
        return [*self.job.arguments(), *more]
