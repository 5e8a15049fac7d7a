"""Writing so that a reader never sees half of a file, and so that nobody else's is written to.

A temporary name beside the file is new by construction: `x` opens nothing that is there, and
follows no link.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from secantfw.errors import UserError, printable
from secantfw.runtime.process import is_alive

_TEMPORARY = re.compile(r"\..+\.tmp-(\d{1,9})-[0-9a-f]{8}")


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A name beside `file` to write to; it becomes `file` at the end, on the disk.

    Raises:
        OSError: it cannot be written; what was there before still is, and nothing beside it.
    """
    temporary = temporary_beside(file)
    try:
        yield temporary
        sync(temporary)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            remove(temporary)
        raise
    sync(file.parent)


def temporary_beside(file: Path) -> Path:
    """A new name in the folder of `file`: `.NAME.tmp-PID-RANDOM`."""
    name = file.name[:200]  # with what is added still a file's name
    return file.with_name(f".{name}.tmp-{os.getpid()}-{secrets.token_hex(4)}")


def sync(path: Path) -> None:
    """fsync a file, or a folder (its list of names)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def unwritable_said(place: Path) -> Iterator[None]:
    """A full or read-only disk in one line that names the file, or `place`.

    Raises:
        UserError: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        where = error.filename if isinstance(error.filename, (str, os.PathLike)) else place
        why = error.strerror or error
        raise UserError(f"{printable(_shown(where))}: cannot be written ({why})") from error


def _shown(where: str | os.PathLike[str]) -> str:
    """The file that was meant, where its temporary name could not be made."""
    path = Path(where)
    meant = re.fullmatch(r"\.(.+)\.tmp-\d+-[0-9a-f]{8}", path.name)
    return str(path.with_name(meant[1]) if meant else path)


def remove(place: Path) -> None:
    """A file, a folder and all in it, or a link itself; never what a link leads to.

    Raises:
        OSError: it is still there.
    """
    if place.is_symlink() or not place.is_dir():
        place.unlink(missing_ok=True)
    else:
        shutil.rmtree(place)


def remove_abandoned(folder: Path) -> None:
    """Temporary files in `folder` that killed processes of this machine have left."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            named = _TEMPORARY.fullmatch(entry.name)
            if named and not is_alive(int(named[1])):
                with contextlib.suppress(OSError):
                    remove(Path(entry.path))
