"""Launcher: how the runs of a sweep are started; here, or on a cluster."""

from __future__ import annotations

import abc
import importlib
from typing import ClassVar

from secantfw.errors import UserError
from secantfw.experiment.keys import did_you_mean
from secantfw.sweep.jobs import Job
from secantfw.sweep.slurm_options import SlurmOptions

#: By import string, so that naming one imports no other's library.
LAUNCHERS = {
    "local": "secantfw.sweep.local:LocalLauncher",
    "slurm": "secantfw.sweep.submitted:SlurmLauncher",
    "submitit-local": "secantfw.sweep.submitted:SubmititLocalLauncher",
}


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


def find_launcher(name: str) -> type[Launcher]:
    """The launcher called `name`.

    Raises:
        UserError: there is none.
    """
    if name not in LAUNCHERS:
        raise UserError(f"--launcher {name}: no such launcher{did_you_mean(name, LAUNCHERS)}")
    module, _, cls = LAUNCHERS[name].partition(":")
    launcher: type[Launcher] = getattr(importlib.import_module(module), cls)
    return launcher
