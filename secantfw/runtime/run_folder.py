"""What lies in a run directory, which may have come from anywhere.

The directory itself may be a link or lie on a linked disk. In it nothing is followed: a link, a
FIFO or a device under a name that secantfw uses is refused in one line, before it is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import attrs

from secantfw.errors import UserError, printable
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import is_folder, kind_of, open_regular, read_regular

#: A file of text or JSON in a run; a log of steps has no bound, it is read line by line.
MOST_BYTES = 64 << 20
_MOST_LINE_BYTES = 1 << 20

_FILES = (
    "resolved.toml", "plan.json", "environment.json", "outcome.json", "evaluation.json",
    "metrics.jsonl", "events.jsonl", "references.bib", ".lock",
)  # fmt: skip
_FOLDERS = ("experiment", "checkpoints", "samples", "diagnosis", ".evaluation")


@attrs.frozen
class RunFolder:
    """Reads by names relative to `path`; none of them leads out of it."""

    path: Path

    def check(self) -> None:
        """Refuse a run with something else under a name that secantfw uses.

        Raises:
            UserError: a link, a FIFO, a device; a folder for a file or the other way about.
        """
        try:
            with os.scandir(self.path) as found:
                wrong = next((e.name for e in found if not _is_right(e)), None)
        except OSError as error:
            place = printable(self.path)
            raise UserError(f"{place}: cannot be looked at ({error.strerror})") from error
        if wrong is not None:
            kind = kind_of(_mode(self.path / wrong) or 0) or "a file"
            wanted = "a regular file" if wrong in _FILES else "a folder"
            raise UserError(f"{self._said(wrong)}: {kind}, expected {wanted}; move it away")

    def open(self, name: str, flags: int = os.O_RDONLY) -> BinaryIO:
        """A regular file.

        Raises:
            FileNotFoundError: it is not there.
            UserError: it, or a folder on the way to it, is a link or another thing.
            OSError: it cannot be opened.
        """
        return open_regular(self._place(name), flags)

    def read(self, name: str, most: int = MOST_BYTES) -> bytes | None:
        """The content; None where it is not there.

        Raises:
            UserError: not a regular file, too large, or it cannot be read.
        """
        try:
            return read_regular(self._place(name), most)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise UserError(f"{self._said(name)}: cannot be read ({error.strerror})") from error

    def text(self, name: str) -> str:
        """Its text; empty where it is not there.

        Raises:
            UserError: as `read`; not UTF-8.
        """
        try:
            return (self.read(name) or b"").decode("utf-8")
        except UnicodeDecodeError as error:
            raise UserError(f"{self._said(name)}: not UTF-8 text") from error

    def json(self, name: str, *, nan: bool = False) -> dict[str, Any]:
        """Its JSON object; empty where it is not there. With `nan` NaN is a number.

        Raises:
            UserError: as `read`; not JSON, or no object.
        """
        content = self.read(name)
        if content is None:
            return {}
        try:
            value = parse_json(content, nan=nan)
        except ValueError as error:
            raise UserError(f"{self._said(name)}: not JSON: {printable(error)}") from error
        if not isinstance(value, dict):
            what = type(value).__name__
            raise UserError(f"{self._said(name)}: a JSON object was expected, found {what}")
        return value

    def json_or_none(self, name: str) -> dict[str, Any] | None:
        """Its JSON object; None for what is not there or is none: whoever asks can do without."""
        try:
            return self.json(name) or None
        except UserError:
            return None

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a log, one at a time; one longer than a MiB is none and left out.

        Raises:
            UserError: not a regular file, or it cannot be read.
        """
        try:
            stream = self.open(name)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise UserError(f"{self._said(name)}: cannot be read ({error.strerror})") from error
        with stream:
            whole = True  # what is read next begins a line
            while line := stream.readline(_MOST_LINE_BYTES):
                ends = line.endswith(b"\n")
                if whole and (ends or len(line) < _MOST_LINE_BYTES):
                    yield line
                whole = ends

    def names(self, folder: str) -> list[str]:
        """The regular files in a folder of the run, by name; none where it is no folder."""
        place = self.path / folder
        if not is_folder(place):
            return []
        with os.scandir(place) as found:
            return sorted(e.name for e in found if e.is_file(follow_symlinks=False))

    def _place(self, name: str) -> Path:
        """The path of a name whose folders are no links."""
        if "/" not in name:
            return self.path / name
        place = self.path
        *folders, last = Path(name).parts
        for folder in folders:
            place /= folder
            mode = _mode(place)
            if mode is not None and not stat.S_ISDIR(mode):
                found = kind_of(mode) or "a file"
                raise UserError(f"{printable(place)}: {found}, expected a folder; move it away")
        return place / last

    def _said(self, name: str) -> str:
        return printable(self.path / name)


def _is_right(entry: os.DirEntry[str]) -> bool:
    """Whether a file or folder of ours is one; what else there is in a run is not looked at."""
    if entry.name in _FILES:
        return entry.is_file(follow_symlinks=False)
    return entry.name not in _FOLDERS or entry.is_dir(follow_symlinks=False)


def _mode(place: Path) -> int | None:
    try:
        return os.lstat(place).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UserError(f"{printable(place)}: cannot be looked at ({error.strerror})") from error
