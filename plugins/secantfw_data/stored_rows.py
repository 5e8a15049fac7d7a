"""Rows of stored arrays: some at random places, or all of them in order.

Random rows are read by their place (`pread`) from the page cache, which all processes of a machine
share: nothing is kept per process, a file that shrinks is an error where a map would end the
process, and no more is read from the disk than what was asked for. The disk is told of a whole
batch before the first row is waited for.
"""

from __future__ import annotations

import functools
import os
import resource
import sys
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from secantfw import UserError
from secantfw_data.stored_array import StoredArray

_MOST_OPEN = 1024  # descriptors, or a quarter of what the process may have, if that is fewer
_BLOCK = 16 << 20  # bytes that are read at once of an array from its start


class StoredRows:
    """Reads rows, and keeps the files that were used last open."""

    def __init__(self) -> None:
        self._most = min(_MOST_OPEN, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4)
        self._opened = functools.lru_cache(self._most)(_Descriptor)

    def read(self, arrays: Sequence[StoredArray], rows: Sequence[int]) -> Tensor:
        """Row `rows[n]` of `arrays[n]`, (k, *) in the stored type, which all have in common.

        Raises:
            UserError: a file that is gone, was cut since it was indexed, or cannot be read.
        """
        first, size = arrays[0], arrays[0].row_bytes
        found = np.empty((len(arrays), *first.shape[1:]), first.dtype)
        target = found.reshape(-1).view(np.uint8).data
        places = [array.offset + row * size for array, row in zip(arrays, rows, strict=True)]
        for start in range(0, len(arrays), self._most):
            part = range(start, min(start + self._most, len(arrays)))
            for n in part:
                self._open(arrays[n]).announce(places[n], size)
            for n in part:
                self._fill(target[n * size : (n + 1) * size], arrays[n], places[n])
        return first.tensor(found)

    def _open(self, array: StoredArray) -> _Descriptor:
        try:
            return self._opened(array.file)
        except OSError as error:
            raise UserError(f"{array.file}: cannot be read ({error.strerror})") from error

    def _fill(self, target: memoryview, array: StoredArray, place: int) -> None:
        opened = self._open(array)
        try:
            count = os.preadv(opened.number, [target], place)
        except OSError as error:
            raise UserError(f"{array.file}: cannot be read ({error.strerror})") from error
        if count < len(target):
            raise UserError(f"{array.place}: cut short since it was first read, at byte {place}")


class _Descriptor:
    """An open file, closed with its last user: one thread may drop it while another reads."""

    def __init__(self, file: str) -> None:
        self.number = -1  # for `__del__`, where opening fails
        self.number = os.open(file, os.O_RDONLY)

    def announce(self, place: int, size: int) -> None:
        """These bytes will be read soon; costs nothing where they are in memory."""
        if sys.platform == "linux":
            os.posix_fadvise(self.number, place, size, os.POSIX_FADV_WILLNEED)

    def __del__(self) -> None:
        if self.number >= 0:
            os.close(self.number)


def blocks(array: StoredArray, first: int = 0, at_once: int = 0) -> Iterator[NDArray[Any]]:
    """All rows from `first` on, `at_once` (k, *) at a time, of the stored dtype.

    Raises:
        UserError: a damaged file, or one that was cut since it was indexed.
    """
    rows, size = array.shape[0], array.row_bytes
    at_once = at_once or rows_of_a_block(size)
    try:
        with _stream(array, first * size) as stream:
            for start in range(first, rows, at_once):
                count = min(at_once, rows - start)
                block = np.empty((count, *array.shape[1:]), array.dtype)
                read = stream.readinto(block.reshape(-1).view(np.uint8).data)  # type: ignore[attr-defined]
                if read < count * size:
                    raise UserError(f"{array.place}: cut short at row {start + read // size}")
                yield block
            if array.compressed and stream.read(1):  # which also compares the check sum
                raise UserError(f"{array.place}: has more bytes than {array.shape} needs")
    except UserError:
        raise
    except Exception as error:  # damaged archives raise nearly anything
        raise UserError(f"{array.place}: cannot be read ({error})") from error


def rows_of_a_block(row_bytes: int) -> int:
    return max(1, _BLOCK // max(row_bytes, 1))


@contextmanager
def _stream(array: StoredArray, skipped: int) -> Iterator[IO[bytes]]:
    """Stands `skipped` bytes behind where the array's begin."""
    if not array.compressed:
        with open(array.file, "rb") as stream:
            stream.seek(array.offset + skipped)
            yield stream
        return
    with zipfile.ZipFile(array.file) as archive:
        names = {name.removesuffix(".npy"): name for name in archive.namelist()}
        with archive.open(names[array.name]) as member:
            member.seek(array.offset + skipped)  # reads to there
            yield member
