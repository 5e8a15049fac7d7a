"""Arrays from an npz or safetensors file, without executing anything in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from secantfw import UserError


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
    with np.load(file, allow_pickle=False) as arrays:
        # Files written on machines of the other byte order are read too.
        return {
            name: torch.from_numpy(arrays[name].astype(arrays[name].dtype.newbyteorder("=")))
            for name in arrays.files
        }


def _read_safetensors(file: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(str(file))
