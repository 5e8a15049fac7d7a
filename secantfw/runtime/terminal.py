"""What is said and what is answered: text that cannot steer a terminal, output that may break.

Notes go to stderr, results to stdout. Neither stops work when its reader has gone or its disk is
full: what was lost is remembered, and the command line's exit code says so.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

from secantfw.errors import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text


def say(text: object = "") -> None:
    """A note, on a line of stderr."""
    _write(sys.stderr, f"{printable_lines(text)}\n")


def warn(text: object) -> None:
    """A note that begins with `secantfw: warning: `."""
    say(f"secantfw: warning: {text}")


def write_over(text: str) -> None:
    """On stderr as it is, for what moves the cursor on purpose."""
    _write(sys.stderr, text)


def stderr() -> TextIO:
    """Standard error, for who draws there by himself."""
    return cast("TextIO", Surviving(sys.stderr))


def put(text: object = "", end: str = "\n") -> None:
    """A result, on stdout."""
    _write(sys.stdout, printable_lines(text) + end, flush=False)


def put_toml(text: str) -> None:
    """TOML on stdout, still TOML: its strings have an escape of their own."""
    escaped = (c if c.isprintable() or c in "\n\t" else f"\\u{ord(c):04X}" for c in text)
    _write(sys.stdout, text if text.isprintable() else "".join(escaped), flush=False)


def draw(picture: RenderableType, width: int) -> None:
    """A rich table on stdout, `width` columns wide where that is no terminal."""
    from rich.console import Console

    if sys.stdout is not None:
        stream = cast("TextIO", Surviving(sys.stdout))
        Console(file=stream, width=None if stream.isatty() else width).print(picture)


def styled(text: str, style: str = "") -> Text:
    """A cell of a rich table."""
    from rich.text import Text

    return Text(printable_lines(text), style=style)


def printable_lines(text: object) -> str:
    """Lines of text; whatever in them is no character to be seen is escaped."""
    said = str(text)
    if said.isprintable():
        return said
    return "\n".join("\t".join(map(printable, line.split("\t"))) for line in said.split("\n"))


class Surviving(io.TextIOBase):
    """A stream that goes on taking text when it can be written no more; `lost` says why.

    Its descriptor then leads to /dev/null, or the interpreter would fail at its own last flush.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.lost = None if stream is not None else OSError(errno.EBADF, "closed")

    def write(self, text: str) -> int:
        if self._stream is not None and self.lost is None:
            try:
                self._stream.write(text)
            except UnicodeEncodeError:
                encoding = self._stream.encoding or "ascii"
                self.write(text.encode(encoding, "backslashreplace").decode(encoding))
            except OSError as error:
                self._lose(error)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None and self.lost is None:
            try:
                self._stream.flush()
            except OSError as error:
                self._lose(error)

    def _lose(self, error: OSError) -> None:
        self.lost = error
        with contextlib.suppress(OSError, ValueError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)

    def fileno(self) -> int:
        if self._stream is None:
            raise io.UnsupportedOperation("closed")
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream is not None and self._stream.isatty()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return (self._stream.encoding if self._stream is not None else None) or "utf-8"

    @property
    def buffer(self) -> BinaryIO:
        if self._stream is None:
            raise io.UnsupportedOperation("closed")
        return self._stream.buffer


@contextmanager
def surviving_output() -> Iterator[Surviving]:
    """Inside, stdout and stderr survive; gives stdout. Descriptors 0 to 2 are open meanwhile.

    Were one closed, the next file that is opened would take its number, and a library's words on
    stderr would end in a checkpoint.
    """
    _fill_descriptors()
    kept = sys.stdout, sys.stderr
    answers = Surviving(sys.stdout)
    sys.stdout, sys.stderr = cast("TextIO", answers), cast("TextIO", Surviving(sys.stderr))
    try:
        yield answers
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = kept


def _fill_descriptors() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number


def _write(stream: TextIO | None, text: str, flush: bool = True) -> None:
    surviving = stream if isinstance(stream, Surviving) else Surviving(stream)
    surviving.write(text)
    if flush:
        surviving.flush()
