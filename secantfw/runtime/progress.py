"""What a person sees while something long works: a bar on a terminal, plain lines anywhere else.

In a notebook there is one line, which is written again and again.

Everything goes to stderr; stdout belongs to results. The loop only stores a number a step: rich's
refresh thread draws, a few times a second, whatever was stored last.
"""

from __future__ import annotations

import datetime
import os
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from secantfw.runtime.terminal import printable_lines, say, stderr, write_over

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.progress import Progress as Bar

_REFRESHES_PER_SECOND = 5
#: Between lines of figures, however often there are new ones; the first and the last always stand.
_SECONDS_BETWEEN_FIGURES = 2.0
#: Between lines that say nothing but how far it is.
_SECONDS_BETWEEN_TICKS = 10.0


class Progress:
    """A context manager around `total` steps of which `start` are already done.

    Without `bar` there are plain lines on a terminal too, for one of several processes.
    """

    def __init__(
        self, total: int, start: int = 0, description: str = "training", *, bar: bool = True
    ) -> None:
        self._wants_bar = bar
        self._said_at: float | None = None
        self._open_line = 0  # characters of a notebook's line that may be written over
        self._total = total
        self._start = start
        self._step = start
        self._description = description
        self._figures = ""
        self._began = time.monotonic()
        self._bar: Bar | None = None
        self._live: Live | None = None

    def __enter__(self) -> Progress:
        self._began = time.monotonic()
        if self._wants_bar and _on_terminal():
            self._open_bar()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = self._bar = None
        if self._open_line:
            say()
            self._open_line = 0

    def advance(self, step: int) -> None:
        """`step` steps are done. Costs a store; call it every step."""
        self._step = step

    def tick(self, step: int) -> None:
        """`step` steps are done and nobody will call `update`: now and then there is a line."""
        self._step = step
        since = self._began if self._said_at is None else self._said_at
        if self._live is None and time.monotonic() - since >= _SECONDS_BETWEEN_TICKS:
            self._say()

    def more(self, steps: int) -> None:
        """`steps` further steps are done: `tick` for who does not count."""
        self.tick(self._step + steps)

    def update(
        self, step: int, loss: float | None = None, images_per_second: float | None = None
    ) -> None:
        """`step` steps are done, with the figures of the last log interval."""
        self._step = step
        self._figures = _figures(loss, images_per_second)
        soon = self._said_at is not None and (
            time.monotonic() - self._said_at < _SECONDS_BETWEEN_FIGURES
        )
        if self._live is None and (step >= self._total or not soon):
            self._say()

    def note(self, text: str) -> None:
        """A line that stays, above the bar."""
        if self._live is not None:
            self._live.console.print(printable_lines(text), markup=False, highlight=False)
        else:
            over = "\r" + " " * self._open_line + "\r" if self._open_line else ""
            self._open_line = 0
            write_over(f"{over}{printable_lines(text)}\n")

    def _say(self) -> None:
        """How far it is: a line, or in a notebook the line."""
        self._said_at = time.monotonic()
        parts = [f"{self._description} {self._step}/{self._total}", self._figures, self._left()]
        line = "  ".join(part for part in parts if part)
        if not _in_notebook():
            say(line)
            return
        write_over("\r" + line.ljust(self._open_line))
        self._open_line = len(line)

    def _left(self) -> str:
        done = self._step - self._start
        if done <= 0 or self._step >= self._total:
            return ""
        seconds = (time.monotonic() - self._began) / done * (self._total - self._step)
        return f"{datetime.timedelta(seconds=round(seconds))} left"

    def _open_bar(self) -> None:
        from rich.console import Console
        from rich.live import Live

        # Only stderr is redirected: a result printed to stdout meanwhile must reach stdout.
        self._bar = _bar(Console(file=stderr()))
        self._bar.add_task(self._description, total=self._total, completed=self._start, figures="")
        self._live = Live(
            console=self._bar.console,
            get_renderable=self._drawn,
            refresh_per_second=_REFRESHES_PER_SECOND,
            redirect_stdout=False,
        )
        self._live.start()

    def _drawn(self) -> RenderableType:
        """Called by rich's thread at each refresh."""
        if self._bar is None:
            return ""
        fields: dict[str, Any] = {"figures": self._figures}
        self._bar.update(self._bar.task_ids[0], completed=self._step, **fields)
        return self._bar.get_renderable()


def _on_terminal() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _in_notebook() -> bool:
    """Whether stderr is a notebook's cell, which knows a carriage return."""
    return type(sys.stderr).__module__.partition(".")[0] == "ipykernel"


def _figures(loss: float | None, images_per_second: float | None) -> str:
    parts = [
        f"loss {loss:.4g}" if loss is not None else "",
        f"{images_per_second:,.0f} images/s" if images_per_second is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def _bar(console: Any) -> Bar:
    """Named columns only: what is not known yet is left out, not shown as zero."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeElapsedColumn(),
        TextColumn("elapsed,"),
        TimeRemainingColumn(),
        TextColumn("left"),
        console=console,
    )
