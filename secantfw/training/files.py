"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secantfw.errors import RunAborted

_OF_THE_DISK = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
)  # fmt: skip


def write_text(file: Path, text: str) -> None:
    """Write to a temporary name beside `file`, flush to disk, rename.

    Raises:
        OSError: it cannot be written; what was there before still is, and nothing beside it.
    """
    temporary = file.with_name(f".{file.name}.tmp-{os.getpid()}")
    try:
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, file)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync(file.parent)


def write_json(file: Path, value: Any) -> None:
    """JSON without NaN and infinity, which it does not have: they are written as null."""
    write_text(file, json.dumps(finite(value), indent=2, allow_nan=False) + "\n")


def finite(value: Any) -> Any:
    """`value` with null for every NaN and infinity in it."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


@contextmanager
def disk_errors_said(place: Path) -> Iterator[None]:
    """A full, read-only or failing disk ends a run in one line; `place` where none is named.

    Raises:
        RunAborted: instead of such an OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        raise RunAborted(
            f"{error.filename or place}: cannot be written ({error.strerror}); what was saved "
            "before is intact"
        ) from error


def sync(path: Path) -> None:
    """fsync a file, or a folder (its list of names)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
