"""Open what a stranger may have put there: a regular file and nothing else, and so much of it.

A link leads elsewhere, a FIFO waits for ever, a device has no end. None of them is opened.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from secantfw.errors import UserError, printable

_KINDS = (
    (stat.S_ISLNK, "a link"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
# O_NONBLOCK: between the look and the opening a FIFO may have taken the file's place.
_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class NotRegular(UserError):
    """Something else than a regular file stands under a file's name."""


def kind_of(mode: int) -> str:
    """`a link`, `a FIFO` ...; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((name for is_it, name in _KINDS if is_it(mode)), "no file")


def open_regular(file: Path, flags: int = os.O_RDONLY) -> BinaryIO:
    """`file` itself, to read, and to write where `flags` of `os.open` say so.

    Raises:
        FileNotFoundError: it is not there.
        NotRegular: a link, a FIFO, a device, a folder.
        OSError: it cannot be opened.
    """
    _refuse(file, kind_of(os.lstat(file).st_mode))
    try:
        descriptor = os.open(file, flags | _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            _refuse(file, "a link")
        raise
    try:
        _refuse(file, kind_of(os.fstat(descriptor).st_mode))
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "rb" if flags == os.O_RDONLY else "r+b")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(file: Path, most: int) -> bytes:
    """The content of `file`.

    Raises:
        FileNotFoundError: it is not there.
        UserError: not a regular file, or larger than `most` bytes.
        OSError: it cannot be read.
    """
    with open_regular(file) as stream:
        content = stream.read(most + 1)
    if len(content) > most:
        raise UserError(f"{printable(file)}: larger than {_size(most)}, which no such file is")
    return content


def appending(file: Path) -> BinaryIO:
    """`file` for reading and for writing at its end; it is made where it is not there.

    Raises:
        NotRegular: a link, a FIFO, a device, a folder.
        OSError: it cannot be opened.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666))
    return open_regular(file, os.O_RDWR | os.O_APPEND)


def is_regular(file: Path) -> bool:
    """Whether a regular file stands there, which is no link to one."""
    return _mode_is(file, stat.S_ISREG)


def is_folder(place: Path) -> bool:
    """Whether a folder stands there, which is no link to one."""
    return _mode_is(place, stat.S_ISDIR)


def _mode_is(place: Path, kind: object) -> bool:
    try:
        return bool(kind(os.lstat(place).st_mode))  # type: ignore[operator]
    except (OSError, ValueError):
        return False


def _refuse(file: Path, kind: str) -> None:
    if kind:
        raise NotRegular(f"{printable(file)}: {kind}, expected a regular file; move it away")


def _size(most: int) -> str:
    return f"{most >> 20} MiB" if most >= 1 << 20 else f"{most >> 10} KiB"
