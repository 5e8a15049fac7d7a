"""Where an array lies inside a npy, npz or safetensors file, so that rows of it can be mapped.

Only headers are read, nothing is unpickled and nothing executed. An npz must be uncompressed
(`numpy.savez`): a compressed member has no rows to map.
"""

from __future__ import annotations

import functools
import struct
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from secantfw import UserError, parse_json

#: The name of the one array of a .npy file.
ONLY = ""
_LONGEST_HEADER = 100_000_000  # safetensors' own limit
_LOCAL_HEADER = 30  # bytes of a zip member's header before its name
#: safetensors' names of what latents and labels are made of; numpy has no bfloat16.
_DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1",
}  # fmt: skip


@attrs.frozen
class StoredArray:
    """An array (n, *) in a file: `dtype` as numpy spells it, `offset` in bytes."""

    file: str
    name: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    bfloat16: bool = False

    @property
    def place(self) -> str:
        """The array as messages name it."""
        return f"{self.file}: {self.name}" if self.name else self.file

    def rows(self, index: NDArray[np.int64]) -> Tensor:
        """The rows at `index`, a copy, of the stored dtype."""
        rows = _mapped(self)[index]
        rows = rows.astype(rows.dtype.newbyteorder("="), copy=False)
        if self.bfloat16:
            return torch.from_numpy(rows.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(rows)

    def per_item(self, rank: int) -> StoredArray:
        """The same array without leading axes of 1, where it has more than `rank` axes."""
        shape = self.shape
        while len(shape) > rank and shape[0] == 1:
            shape = shape[1:]
        return attrs.evolve(self, shape=shape)


@functools.lru_cache(maxsize=128)  # a map keeps its file open, and a process may open 1,024
def _mapped(array: StoredArray) -> NDArray[Any]:
    return np.memmap(array.file, np.dtype(array.dtype), "r", array.offset, array.shape)


def stored_arrays(file: Path) -> Mapping[str, StoredArray]:
    """Every array of the file, by name; nothing but headers is read.

    Raises:
        UserError: another kind of file, a damaged or cut one, objects or compression in it.
    """
    reader = _READERS[file.suffix.lower()]
    try:
        with file.open("rb") as stream:
            found = reader(file, stream)
        for array in found.values():
            _check_length(array, file.stat().st_size)
    except UserError:
        raise
    except Exception as error:  # damaged headers raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file}: cannot be read ({reason})") from error
    return found


def _check_length(array: StoredArray, size: int) -> None:
    count = int(np.prod(array.shape, dtype=np.int64)) * np.dtype(array.dtype).itemsize
    if array.offset + count > size:
        raise UserError(
            f"{array.place}: cut short: {array.shape} needs {array.offset + count} bytes, "
            f"the file has {size}"
        )


def npy_array(file: Path | str, stream: BinaryIO, name: str = ONLY) -> StoredArray:
    """The array whose npy header starts where `stream` stands."""
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    if version == (1, 0):
        header = np.lib.format.read_array_header_1_0(stream)  # type: ignore[no-untyped-call]
    else:
        header = np.lib.format.read_array_header_2_0(stream)  # type: ignore[no-untyped-call]
    shape, fortran, dtype = header
    found = StoredArray(str(file), name, dtype.str, stream.tell(), tuple(shape))
    if dtype.hasobject:
        raise UserError(f"{found.place}: holds pickled objects, which are never read")
    if fortran and len(shape) > 1:
        raise UserError(f"{found.place}: is in Fortran order; write it with rows first")
    return found


def _read_npy(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    return {ONLY: npy_array(file, stream)}


def _read_npz(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    found = {}
    with zipfile.ZipFile(stream) as archive:
        members = archive.infolist()
    for member in members:
        name = member.filename.removesuffix(".npy")
        if member.compress_type != zipfile.ZIP_STORED:
            raise UserError(
                f"{file}: {name} is compressed, so its rows cannot be mapped; write the file with "
                "numpy.savez instead of savez_compressed"
            )
        stream.seek(member.header_offset)
        lengths = struct.unpack("<HH", stream.read(_LOCAL_HEADER)[-4:])  # of name and extra field
        stream.seek(member.header_offset + _LOCAL_HEADER + sum(lengths))
        found[name] = npy_array(file, stream, name)
    return found


def _read_safetensors(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > _LONGEST_HEADER:
        raise ValueError("its header claims more bytes than a header may have")
    header = parse_json(stream.read(length))
    found = {}
    for name, said in header.items():
        if name != "__metadata__" and said["dtype"] in _DTYPES:
            offset = 8 + length + int(said["data_offsets"][0])
            shape = tuple(int(n) for n in said["shape"])
            dtype = _DTYPES[said["dtype"]]
            brain = said["dtype"] == "BF16"
            found[name] = StoredArray(str(file), name, dtype, offset, shape, brain)
    return found


_READERS: Mapping[str, Callable[[Path, BinaryIO], dict[str, StoredArray]]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".safetensors": _read_safetensors,
}
SUFFIXES = tuple(_READERS)
