"""What a user reads when something of theirs is wrong: one line a problem, never a traceback."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import attrs


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    import difflib  # here, since a command that goes well has no use for it

    near = difflib.get_close_matches(name[:100], list(known), n=1)
    return near[0] if near else None


def printable(said: object) -> str:
    """A stranger's words on one line, what would move the cursor or colour the screen escaped."""
    text = str(said)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _SPACES else repr(c)[1:-1] for c in text)


_SPACES = "\xa0\u202f\u3000"  # that Python counts among the unprintable


class ExitCode(enum.IntEnum):
    """What the command line ends with; 130, 141 and 143 are 128 + a signal's number."""

    DONE = 0
    BUG = 1
    USER = 2  # experiment, file, plug-in or lock: the user can mend it
    ABORTED = (
        3  # the run stopped itself (non-finite numbers, disk, memory); checkpoints are intact
    )
    INTERRUPTED = 130
    UNREAD = 141  # the result was to be printed, and its reader has gone
    TERMINATED = 143


@attrs.frozen
class Problem:
    """One thing that is wrong, and where: `file:line: key: what, what was expected`.

    A `warning` is printed and stops nothing: the experiment can be run as it is.
    """

    what: str
    key: str = ""
    file: str = ""
    line: int | None = None
    warning: bool = False

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file
        level = "warning" if self.warning else ""
        return ": ".join(part for part in (place, self.key, level, self.what) if part)


class SecantfwError(Exception):
    """Base of every error that is shown as text instead of a traceback."""

    exit_code: ExitCode = ExitCode.USER

    def lines(self) -> list[str]:
        return [str(self)]


class UserError(SecantfwError):
    """Something the user can mend, said in one line."""


class ExperimentError(UserError):
    """Everything that is wrong with an experiment, all at once."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))

    def lines(self) -> list[str]:
        return [str(p) for p in self.problems]


class RunAborted(SecantfwError):
    """The run stopped itself; what was saved before is intact."""

    exit_code = ExitCode.ABORTED
