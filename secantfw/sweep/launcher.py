"""Launcher: how the runs of a sweep are started; here, or on a cluster."""

from __future__ import annotations

import abc
from typing import ClassVar

from secantfw.sweep.jobs import Job
from secantfw.sweep.slurm_options import SlurmOptions


class Started(abc.ABC):
    """A run that was started."""

    @abc.abstractmethod
    def poll(self) -> int | None:
        """Its exit code, minus the signal's number where one killed it; None while it works."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Ask it to save and end; asked again, to end at once."""


class Launcher(abc.ABC):
    """Starts `secantfw` with a job's arguments, its output appended to the job's log.

    A run that is started must end, saved, when the sweep dies, or be found again by the next:
    `Job.in_use` says whether its directory is locked.
    """

    #: Runs at a time where the user says nothing; None: all of them.
    at_once: ClassVar[int | None] = 1

    @abc.abstractmethod
    def __init__(self, processes: int, slurm: SlurmOptions) -> None:
        """`processes` runs are started at a time at most; `slurm` is for jobs of a cluster."""

    @abc.abstractmethod
    def start(self, job: Job) -> Started: ...
