"""Launcher: how the runs of a sweep are started; here, or on a cluster."""

from __future__ import annotations

import abc
import importlib
from collections.abc import Sequence
from pathlib import Path

from secantfw.errors import UserError
from secantfw.experiment.keys import did_you_mean

#: By import string, so that naming one imports no other's library.
LAUNCHERS = {"local": "secantfw.sweep.local:LocalLauncher"}


class Started(abc.ABC):
    """A run that was started."""

    @abc.abstractmethod
    def poll(self) -> int | None:
        """Its exit code, minus the signal's number where one killed it; None while it works."""

    @abc.abstractmethod
    def stop(self) -> None:
        """Ask it to save and end; asked again, to end at once."""


class Launcher(abc.ABC):
    """Starts `secantfw ARGUMENTS` with its output appended to a file.

    A run that is started must end, saved, when the sweep dies, or be found again by the next:
    `Job.in_use` says whether its directory is locked.
    """

    @abc.abstractmethod
    def __init__(self, processes: int) -> None:
        """`processes` runs are started at a time at most."""

    @abc.abstractmethod
    def start(self, arguments: Sequence[str], log: Path) -> Started: ...


def make_launcher(name: str, processes: int) -> Launcher:
    """The launcher called `name`.

    Raises:
        UserError: there is none.
    """
    if name not in LAUNCHERS:
        raise UserError(f"--launcher {name}: no such launcher{did_you_mean(name, LAUNCHERS)}")
    module, _, cls = LAUNCHERS[name].partition(":")
    launcher: Launcher = getattr(importlib.import_module(module), cls)(processes)
    return launcher
