"""Signals: the handler only sets a flag; the loop finishes its step, saves and ends.

SIGUSR1 saves and goes on: Slurm (`--signal=USR1@60`) and its like send it when the time is nearly
up, and SIGTERM when it is.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Protocol

from secantfw.errors import ExitCode

#: A shell and its wrapper may both pass on one Ctrl-C.
_SAME_REQUEST_SECONDS = 0.5
_HEEDED = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)


class Terminated(KeyboardInterrupt):
    """SIGTERM where there is no step to finish."""


def exit_code(error: KeyboardInterrupt) -> ExitCode:
    return ExitCode.TERMINATED if isinstance(error, Terminated) else ExitCode.INTERRUPTED


def _end(number: int) -> None:
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises `Terminated` and SIGINT KeyboardInterrupt; SIGUSR1 does nothing.

    SIGINT too is set, since a shell starts background jobs with it ignored.
    """

    def handle(number: int, _frame: FrameType | None) -> None:
        if number != signal.SIGUSR1:
            _end(number)

    previous = {n: signal.signal(n, handle) for n in _HEEDED}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


class Stop(Protocol):
    """What the loop looks at after each step."""

    requested: signal.Signals | None
    save_requested: bool


class StopRequest(Stop):
    """`with StopRequest() as stop`: SIGINT and SIGTERM set `requested`; a second one ends now.

    SIGUSR1 sets `save_requested`, which whoever saves takes back. The second signal raises
    `Terminated` or KeyboardInterrupt, as inside `terminable`.
    """

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self.save_requested = False
        self._at = 0.0
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopRequest:
        for number in _HEEDED:
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)  # type: ignore[arg-type]

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        now = time.monotonic()
        if number == signal.SIGUSR1:
            self.save_requested = True
        elif self.requested is None:
            self.requested, self._at = signal.Signals(number), now
        elif now - self._at > _SAME_REQUEST_SECONDS:
            _end(number)

    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.requested is None else ExitCode(128 + self.requested)
