"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from secantfw.errors import RunAborted, printable
from secantfw.runtime.writing import replacing
from secantfw.runtime.writing import sync as sync

_OF_THE_DISK = (
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO,
)  # fmt: skip


def write_text(file: Path, text: str) -> None:
    """Write to a temporary name beside `file`, flush to disk, rename.

    Raises:
        OSError: it cannot be written; what was there before still is, and nothing beside it.
    """
    with replacing(file) as temporary, temporary.open("x", encoding="utf-8") as stream:
        stream.write(text)


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
        where = printable(error.filename or place)
        raise RunAborted(
            f"{where}: cannot be written ({error.strerror}); what was saved before is intact"
        ) from error
