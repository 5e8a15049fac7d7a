"""A float32 array in an npy file, written row by row, by several processes if need be.

Plain file operations: a full disk is an OSError, where a mapped file would end the process.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from secantfw.errors import UserError
from secantfw.runtime.regular_file import open_regular
from secantfw.runtime.writing import temporary_beside

_ITEM = np.dtype("<f4")


class ArrayFile:
    """`file` opened as an array of `shape`; zeros where nobody has written yet.

    Raises:
        UserError: something else of that name is there.
    """

    def __init__(self, file: Path, shape: tuple[int, ...]) -> None:
        self._row_shape = shape[1:]
        if not os.path.lexists(file):
            _make(file, shape)
        self._stream = open_regular(file, os.O_RDWR)
        try:
            found, _, dtype = _header(self._stream)
        except ValueError as error:
            self._stream.close()
            raise UserError(f"{file}: is there already, and no npy file; move it away") from error
        if found != shape or dtype != _ITEM:
            self._stream.close()
            what = f"{dtype} {found}, expected {_ITEM} {shape}"
            raise UserError(f"{file}: is there already, {what}; move it away")
        self._start = self._stream.tell()

    def write(self, row: int, values: np.ndarray[Any, Any]) -> None:
        """Set one row."""
        self._stream.seek(self._offset(row))
        self._stream.write(np.ascontiguousarray(values, _ITEM).tobytes())

    def read(self, first: int, rows: int) -> np.ndarray[Any, Any]:
        """(rows, *) from row `first`, a copy."""
        self._stream.seek(self._offset(first))
        count = rows * math.prod(self._row_shape)
        content = self._stream.read(count * _ITEM.itemsize)
        found: np.ndarray[Any, Any] = np.frombuffer(content, _ITEM).copy()
        return found.reshape(rows, *self._row_shape)

    def _offset(self, row: int) -> int:
        return self._start + row * math.prod(self._row_shape) * _ITEM.itemsize

    def __enter__(self) -> ArrayFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()


def _header(stream: Any) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    found: tuple[tuple[int, ...], bool, np.dtype[Any]] = np.lib.format.read_array_header_1_0(
        stream
    )  # type: ignore[no-untyped-call]
    return found


def _make(file: Path, shape: tuple[int, ...]) -> None:
    """Under another name first: whoever links it wins, and nobody sees half a header."""
    unfinished = temporary_beside(file)
    header = {"descr": _ITEM.str, "fortran_order": False, "shape": shape}
    try:
        with unfinished.open("xb") as stream:
            np.lib.format.write_array_header_1_0(stream, header)  # type: ignore[no-untyped-call]
            stream.truncate(stream.tell() + math.prod(shape) * _ITEM.itemsize)
        os.link(unfinished, file)
    except FileExistsError:
        pass  # another process was first
    finally:
        unfinished.unlink(missing_ok=True)
