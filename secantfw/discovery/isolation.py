"""Watch a plug-in while it loads: its time, its prints, what it does to torch."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterator
from time import perf_counter
from typing import BinaryIO

import attrs

from secantfw.discovery.torch_state import TorchWatch

#: Loading is a hundredth of this for a plug-in that registers import strings.
SLOW_MILLISECONDS = 1000.0


@attrs.define
class Seen:
    """What a plug-in did while it loaded."""

    milliseconds: float = 0.0
    printed: str = ""
    torch_imported: bool = False
    torch_changes: list[str] = attrs.field(factory=list)

    def complaints(self) -> Iterator[tuple[str, str]]:
        """What it did that no plug-in may, and what to do about it."""
        if self.printed:
            lines = self.printed.strip().splitlines() or [""]
            first = repr(lines[0][:60])
            what = f"printed {len(lines)} lines" if len(lines) > 1 else "printed a line"
            yield f"{what} while loading ({first}); stdout is for results", "ask its author to log"
        if self.torch_changes:
            what = ", ".join(self.torch_changes)
            yield f"changed torch for everyone while loading: {what}", "it was put back"

    def notes(self) -> Iterator[tuple[str, str]]:
        """What makes it a burden."""
        if self.torch_imported:
            why = "every command waits for that; import it in the component's module"
            yield "imports torch while loading", why

    def slowness(self) -> str | None:
        if self.milliseconds < SLOW_MILLISECONDS:
            return None
        return f"takes {self.milliseconds / 1000:.1f} s to load, and every command waits for it"


@contextlib.contextmanager
def watched() -> Iterator[Seen]:
    """Stdout goes to stderr meanwhile; torch's global state is as before afterwards."""
    seen, recorder, start = Seen(), _ToStderr(), perf_counter()
    with contextlib.redirect_stdout(recorder), TorchWatch() as watch:
        try:
            yield seen
        finally:
            seen.milliseconds = (perf_counter() - start) * 1000
            seen.printed, seen.torch_imported = recorder.getvalue(), watch.imported
            if watch.before is not None:
                seen.torch_changes = watch.before.changes()
                if seen.torch_changes:
                    watch.before.restore()


class _ToStderr(io.StringIO):
    """Passes everything on to stderr and remembers it."""

    def write(self, text: str) -> int:
        sys.stderr.write(text)
        return super().write(text)

    def fileno(self) -> int:
        return sys.stderr.fileno()

    @property
    def buffer(self) -> BinaryIO:
        return sys.stderr.buffer


@contextlib.contextmanager
def stdout_below_python() -> Iterator[None]:
    """Lead file descriptor 1 to stderr: for C libraries and child processes of an import."""
    _flush()
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # one of them is closed: there is nothing to protect
        yield
        return
    try:
        yield
    finally:
        _flush()  # what a plug-in wrote to sys.__stdout__ belongs to stderr too
        os.dup2(kept, 1)
        os.close(kept)


def _flush() -> None:
    for stream in (sys.stdout, sys.__stdout__):
        if stream is not None and not stream.closed:
            with contextlib.suppress(OSError):  # its reader has gone: whoever answers will see it
                stream.flush()
