"""Arrays from an npz or safetensors file, without executing anything in it."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from secantfw import UserError

#: An npz that is larger inside, and by this factor, is a zip bomb and no data set.
MOST_BYTES, MOST_GROWTH = 1 << 30, 100


def read_arrays(file: Path) -> dict[str, Tensor]:
    """Every array of the file, by name.

    Raises:
        UserError: no such file, another kind of file, a damaged one, or pickled objects in it.
    """
    readers = {".npz": _read_npz, ".safetensors": _read_safetensors}
    reader = readers.get(file.suffix.lower())
    if reader is None:
        raise UserError(f"{file}: expected a .npz or .safetensors file")
    if not file.is_file():
        raise UserError(f"{file}: no such file")
    try:
        return reader(file)
    except Exception as error:  # damaged archives raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file}: cannot be read ({reason})") from error


def _read_npz(file: Path) -> dict[str, Tensor]:
    with zipfile.ZipFile(file) as archive:
        check_growth(archive, file)
    with np.load(file, allow_pickle=False) as arrays:
        # Files written on machines of the other byte order are read too.
        return {
            name: torch.from_numpy(arrays[name].astype(arrays[name].dtype.newbyteorder("=")))
            for name in arrays.files
        }


def check_growth(archive: zipfile.ZipFile, file: Path) -> None:
    """Refuse an archive that swells to what no memory holds, before anything is read.

    Raises:
        ValueError: with what it claims.
    """
    size = sum(member.file_size for member in archive.infolist())
    if size > MOST_BYTES and size > MOST_GROWTH * file.stat().st_size:
        raise ValueError(f"it swells to {size:,} bytes, more than {MOST_GROWTH} times its own")


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(str(file))
