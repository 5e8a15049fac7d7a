"""Signals: the handler only sets a flag; the loop finishes its step, saves and ends."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType

from secantfw.errors import ExitCode


class StopRequest:
    """`with StopRequest() as stop`: SIGINT and SIGTERM set `requested`; a second one ends now."""

    def __init__(self) -> None:
        self.requested: signal.Signals | None = None
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopRequest:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: object, _trace: TracebackType | None
    ) -> None:
        for number, previous in self._previous.items():
            signal.signal(number, previous)  # type: ignore[arg-type]

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self.requested is not None:
            raise SystemExit(128 + number)
        self.requested = signal.Signals(number)

    def exit_code(self) -> ExitCode:
        return ExitCode.DONE if self.requested is None else ExitCode(128 + self.requested)
