"""Files that `torch.save` wrote, from strangers: nothing in them is executed or believed.

The file is a zip of one pickle, `data.pkl`, and the raw numbers of every storage. torch's own
weights_only unpickler reads the pickle: it knows tensors and plain containers and refuses every
other name. The numbers are mapped, not read.
"""

from __future__ import annotations

import os
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from secantfw.discovery.records import cause
from secantfw.errors import UserError, printable

_MAX_PICKLE_BYTES = 64 << 20  # a training state of 10,000 tensors has a pickle of 2 MB


def load_torch_file(file: str | os.PathLike[str], allow: Sequence[type] = ()) -> Any:
    """What `torch.save` wrote, tensors on the CPU and mapped from the file.

    Args:
        file: a zip file as torch has written it since 1.6.
        allow: further classes that may occur, such as `argparse.Namespace`; they are made by
            `__new__` and given their attributes, so only classes without `__setstate__`.

    Raises:
        UserError: no such file, damaged, or one that names anything but tensors, plain
            containers and `allow`.
    """
    import torch

    _directory(Path(file))
    with torch.serialization.safe_globals(list(allow)), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an odd file ends in an error or is none
        unsafe = _refused_names(file)
        if unsafe:
            raise UserError(
                f"{file}: refused: it names {', '.join(unsafe[:3])}, and nothing in a weights "
                "file is executed"
            )
        try:
            return torch.load(file, map_location="cpu", weights_only=True, mmap=True)
        except Exception as error:  # torch says a damaged file in a dozen ways
            # Its text is left out: it goes on about switching weights_only off.
            raise UserError(
                f"{file}: damaged, or holds more than tensors and plain containers "
                f"({type(error).__name__})"
            ) from error


def pickled_part(file: str | os.PathLike[str]) -> bytes:
    """The bytes of `data.pkl`, not unpickled: names in it tell formats apart. b"" for other files.

    A text in it stands as UTF-8: `b"x_embedder.proj.weight" in pickled_part(file)`.
    """
    try:
        entries = _directory(Path(file))
        with zipfile.ZipFile(file) as archive:
            return archive.read(entries["data.pkl"])
    except (UserError, zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError):
        return b""


def complaint(file: str | os.PathLike[str]) -> str:
    """Why a file is none that torch.save wrote; "" if it may be one."""
    try:
        _directory(Path(file))
    except UserError as error:
        return str(error)
    return ""


def _directory(file: Path) -> dict[str, zipfile.ZipInfo]:
    """The zip's entries by their last name; what they claim is held against the file's size."""
    try:
        size = file.stat().st_size
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: cannot be read ({cause(error)})") from error
    except Exception as error:  # zipfile trips over forged directories in many ways
        raise UserError(
            f"{file}: not a file of torch.save, or truncated ({printable(error)})"
        ) from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise UserError(f"{file}: compressed; torch.save compresses nothing, so it is refused")
    claimed = sum(entry.file_size for entry in entries)
    if claimed > size:
        raise UserError(f"{file}: its parts claim {claimed:,} bytes, the file has {size:,}")
    found = {entry.filename.rpartition("/")[2]: entry for entry in entries}
    if "data.pkl" not in found:
        raise UserError(f"{file}: a zip, but not a file of torch.save (it has no data.pkl)")
    if found["data.pkl"].file_size > _MAX_PICKLE_BYTES:
        raise UserError(f"{file}: its pickle is larger than {_MAX_PICKLE_BYTES >> 20} MiB")
    return found


def _refused_names(file: str | os.PathLike[str]) -> list[str]:
    """The names that torch's unpickler would refuse; [] where even they cannot be read."""
    import torch

    try:
        return sorted(torch.serialization.get_unsafe_globals_in_checkpoint(file))
    except Exception:  # the loading that follows says what is wrong
        return []
