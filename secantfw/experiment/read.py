"""Read one TOML file, whatever it may hold.

tomli alone is no boundary: nested arrays end in RecursionError, a long integer in ValueError, bad
UTF-8 in UnicodeDecodeError, and a 40 kB dotted key takes it seconds. All become a `Problem`.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

import tomli

from secantfw.errors import ExperimentError, Problem
from secantfw.experiment.layer import Layer
from secantfw.experiment.statements import statements

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_DOTS = 64
MAX_STATEMENTS = 1000  # each wrong one is looked up and said
RESOLVED = "resolved.toml"  # the experiment in a run directory

_PLACE = re.compile(r" \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)$")
_OVERRIDE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(\[\d+\][A-Za-z0-9_.-]*)?=.*", re.DOTALL)
_PLAINER = (  # what tomli says, and what a user is told
    (re.compile(r"Cannot overwrite a value"), "this key is given twice"),
    (re.compile(r"Cannot declare \(.*\) twice"), "this table is given twice"),
)


def read_layer(file: Path, shown: str) -> Layer:
    """The file's tables; `shown` is its name in messages.

    Raises:
        ExperimentError: it cannot be read, or is not TOML.
    """
    text = read_text(file, shown)
    absolute = Path(os.path.abspath(file))
    return Layer(shown, absolute, absolute.parent, text, parse(text, shown))


def read_text(file: Path, shown: str) -> str:
    """The file's text, as TOML has it: UTF-8, no NUL, line feeds.

    Raises:
        ExperimentError: it cannot be read, or is no text.
    """
    return _decode(_bytes(file, shown), shown)


def is_override(text: str) -> bool:
    """Whether it is written as `key=value`, as files rarely are called."""
    return _OVERRIDE.fullmatch(text) is not None


def parse(text: str, shown: str) -> dict[str, Any]:
    """TOML to plain tables; refuses what would hurt the parser before parsing."""
    for number, statement in enumerate(() if _is_plain(text) else statements(text)):
        if number == MAX_STATEMENTS:
            _refuse(shown, statement.line, f"more than {MAX_STATEMENTS} keys and tables")
        if statement.depth > MAX_DEPTH:
            _refuse(shown, statement.line, f"brackets nested deeper than {MAX_DEPTH}")
        if statement.dots > MAX_DOTS:
            _refuse(shown, statement.line, f"a key of more than {MAX_DOTS} dotted parts")
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        _refuse_syntax(shown, text, str(error))
    except RecursionError:
        _refuse(shown, 1, "not TOML: nested too deeply")
    except ValueError:  # int() refuses thousands of digits; tomli does not say where
        _refuse(shown, _longest_number(text), "not TOML: a number of thousands of digits")


def _is_plain(text: str) -> bool:
    """Whether no line of it can hold what would hurt the parser, as in every resolved file.

    Brackets that are left open from line to line are deep at most in RecursionError's sense.
    """
    lines = text.split("\n")
    return len(lines) <= MAX_STATEMENTS and all(
        line.count(".") <= MAX_DOTS and line.count("[") + line.count("{") <= MAX_DEPTH
        for line in lines
    )


def _bytes(file: Path, shown: str) -> bytes:
    try:
        mode = file.stat().st_mode
        if stat.S_ISDIR(mode):
            _refuse(shown, None, f"a directory, expected a TOML file{_of_a_run(file, shown)}")
        if not stat.S_ISREG(mode):
            _refuse(shown, None, "not a regular file, expected a TOML file")
        with file.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        hint = "; overrides come after FILE" if is_override(shown) else ""
        _refuse(shown, None, f"no such file{hint}")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the file's name
        _refuse(shown, None, f"cannot be read ({getattr(error, 'strerror', None) or error})")
    if len(content) > MAX_BYTES:
        _refuse(shown, 1, f"larger than {MAX_BYTES // 1024} KiB, which no experiment is")
    return content


def _of_a_run(folder: Path, shown: str) -> str:
    """Where the experiment of a run directory is, for who names the directory."""
    if not (folder / RESOLVED).is_file():
        return ""
    return f"; the experiment of this run is {os.path.join(shown, RESOLVED)}"


def _decode(content: bytes, shown: str) -> str:
    if content.startswith(b"\xef\xbb\xbf"):
        _refuse(shown, 1, "starts with a byte-order mark; save the file as UTF-8 without BOM")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        _refuse(shown, line, "holds a NUL byte; this is not a text file")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(shown, line, f"not UTF-8 text (byte 0x{content[error.start]:02x})")
    return text.replace("\r\n", "\n")


def _refuse_syntax(shown: str, text: str, message: str) -> NoReturn:
    place = _PLACE.search(message)
    said = message[: place.start()] if place else message
    said = next((plain for pattern, plain in _PLAINER if pattern.fullmatch(said)), said)
    if place is None or place["line"] is None:
        _refuse(
            shown, text.rstrip().count("\n") + 1, f"not TOML: {said} (the file ends too early)"
        )
    _refuse(shown, int(place["line"]), f"not TOML: {said} (column {place['column']})")


def _longest_number(text: str) -> int:
    longest = max(re.finditer(r"[0-9_]+", text), key=lambda m: len(m[0]), default=None)
    return 1 if longest is None else text.count("\n", 0, longest.start()) + 1


def _refuse(shown: str, line: int | None, what: str) -> NoReturn:
    raise ExperimentError([Problem(" ".join(what.split()), file=shown, line=line)])
