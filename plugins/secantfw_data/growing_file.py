"""A safetensors file with one array that grows row by row and can be taken up again.

The header has a fixed length, padded with spaces as the format allows, and is written last: until
then the file begins with zeros, and every reader refuses it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.packed_folder import RowType

_HEADER = 256  # bytes with the length in front


class GrowingFile:
    """`file`, cut to `rows` rows; new rows are put behind them."""

    def __init__(self, file: Path, name: str, row: RowType, rows: int) -> None:
        self._file, self._name, self._row, self._rows = file, name, row, rows
        self._descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
        end = _HEADER + rows * row.row_bytes
        if os.fstat(self._descriptor).st_size < (end if rows else 0):
            self.close()
            raise UserError(
                f"{file}: is shorter than pack.json says; remove {file.parent} and pack again"
            )
        os.ftruncate(self._descriptor, end)
        os.pwrite(self._descriptor, bytes(_HEADER), 0)
        os.lseek(self._descriptor, end, os.SEEK_SET)

    def append(self, rows: Tensor) -> int:
        """Rows (k, *) of the file's type; returns how many bytes they have.

        Raises:
            OSError: they cannot be written, wholly or in part.
        """
        # Not by numpy, which has no bfloat16.
        raw = rows.contiguous().reshape(-1).view(torch.uint8).numpy().data
        left = raw
        while len(left):  # a disk that fills up takes a part first
            left = left[os.write(self._descriptor, left) :]
        self._rows += len(rows)
        return len(raw)

    def sync(self) -> None:
        os.fsync(self._descriptor)

    def seal(self) -> None:
        """Write the header."""
        said = {
            "dtype": self._row.dtype,
            "shape": [self._rows, *self._row.shape],
            "data_offsets": [0, self._rows * self._row.row_bytes],
        }
        text = json.dumps({self._name: said}).encode().ljust(_HEADER - 8)
        os.pwrite(self._descriptor, len(text).to_bytes(8, "little") + text, 0)

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def sync_folder(folder: Path) -> None:
    """Its list of names."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
