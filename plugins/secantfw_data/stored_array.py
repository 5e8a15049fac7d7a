"""Where an array lies inside a npy, npz or safetensors file, so that rows of it can be read.

Only headers are read, nothing is unpickled and nothing executed. The rows of an uncompressed array
have a place; a compressed member of an npz (`numpy.savez_compressed`) must be read from its start.
"""

from __future__ import annotations

import functools
import io
import math
import struct
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from secantfw import UserError, parse_json
from secantfw_data.array_file import check_growth

#: The name of the one array of a .npy file.
ONLY = ""
_LONGEST_HEADER = 100_000_000  # safetensors' own limit
_LONGEST_NPY_HEADER = 1 << 16
_LOCAL_HEADER = 30  # bytes of a zip member's header before its name
#: safetensors' names of what latents and labels are made of; numpy has no bfloat16.
DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "U16": "<u2", "I8": "|i1", "U8": "|u1",
}  # fmt: skip


@attrs.frozen
class StoredArray:
    """An array (n, *) in a file: `dtype` as numpy spells it, `offset` in bytes.

    The offset of a `compressed` one counts from the start of the member, unpacked.
    """

    file: str
    name: str
    dtype: str
    offset: int
    shape: tuple[int, ...]
    bfloat16: bool = False
    compressed: bool = False

    @property
    def place(self) -> str:
        """The array as messages name it."""
        return f"{self.file}: {self.name}" if self.name else self.file

    @property
    def row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * np.dtype(self.dtype).itemsize

    def per_item(self, rank: int) -> StoredArray:
        """The same array without leading axes of 1, where it has more than `rank` axes."""
        shape = self.shape
        while len(shape) > rank and shape[0] == 1:
            shape = shape[1:]
        return attrs.evolve(self, shape=shape)

    def tensor(self, raw: NDArray[Any]) -> Tensor:
        """What was read as `dtype`, of the stored type; shares its memory where it can."""
        raw = raw.astype(raw.dtype.newbyteorder("="), copy=False)
        if self.bfloat16:
            return torch.from_numpy(raw.view(np.int16)).view(torch.bfloat16)
        return torch.from_numpy(raw)


def stored_arrays(file: Path) -> Mapping[str, StoredArray]:
    """Every array of the file, by name; nothing but headers is read.

    Raises:
        UserError: another kind of file, a damaged or cut one, objects in it, a name twice.
    """
    reader = _READERS[file.suffix.lower()]
    try:
        with file.open("rb") as stream:
            return reader(file, stream)
    except UserError:
        raise
    except Exception as error:  # damaged headers raise nearly anything
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{file}: cannot be read ({reason})") from error


def _check_length(array: StoredArray, size: int) -> None:
    count = math.prod(array.shape) * np.dtype(array.dtype).itemsize
    if array.offset + count > size:
        raise UserError(
            f"{array.place}: cut short: {array.shape} needs {array.offset + count} bytes, "
            f"the file has {size}"
        )


def npy_array(file: Path | str, stream: BinaryIO, name: str = ONLY) -> StoredArray:
    """The array whose npy header starts where `stream` stands."""
    before = stream.tell()
    header = _npy_header(stream)
    shape, fortran, dtype = _parsed(header)
    found = StoredArray(str(file), name, dtype.str, before + len(header), shape)
    if dtype.hasobject:
        raise UserError(f"{found.place}: holds pickled objects, which are never read")
    if fortran and len(shape) > 1:
        raise UserError(f"{found.place}: is in Fortran order; write it with rows first")
    return found


def _npy_header(stream: BinaryIO) -> bytes:
    """Magic, version, length and text, as they stand."""
    start = stream.read(10)
    length = start[8:]
    if start[6:7] not in (b"\x00", b"\x01"):  # since version 2 the length has four bytes
        length += stream.read(2)
    count = int.from_bytes(length, "little")
    if count > _LONGEST_NPY_HEADER:
        raise ValueError("its header claims more bytes than a header may have")
    return start + length[2:] + stream.read(count)


@functools.lru_cache(maxsize=256)  # a million files of one latent have one header between them
def _parsed(header: bytes) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    stream = io.BytesIO(header)
    version = np.lib.format.read_magic(stream)  # type: ignore[no-untyped-call]
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)  # type: ignore[no-untyped-call]
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)  # type: ignore[no-untyped-call]
    return tuple(shape), fortran, dtype


def _read_npy(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    found = npy_array(file, stream)
    _check_length(found, _length(stream))
    return {ONLY: found}


def _length(stream: BinaryIO) -> int:
    return stream.seek(0, io.SEEK_END)


def _read_npz(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    found = {}
    with zipfile.ZipFile(stream) as archive:
        check_growth(archive, file)
        members = archive.infolist()
        _refuse_twins(file, members)
        for member in members:
            name = member.filename.removesuffix(".npy")
            if member.compress_type == zipfile.ZIP_STORED:
                found[name] = _stored_member(file, stream, member, name)
            else:
                with archive.open(member) as inner:
                    array = npy_array(file, inner, name)  # type: ignore[arg-type]
                found[name] = attrs.evolve(array, compressed=True)
                _check_length(found[name], member.file_size)
    return found


def _refuse_twins(file: Path, members: list[zipfile.ZipInfo]) -> None:
    times = Counter(member.filename.removesuffix(".npy") for member in members)
    twins = [name for name, count in times.items() if count > 1]
    if twins:
        raise UserError(f"{file}: {twins[0]} is there {times[twins[0]]} times")


def _stored_member(
    file: Path, stream: BinaryIO, member: zipfile.ZipInfo, name: str
) -> StoredArray:
    stream.seek(member.header_offset)
    lengths = struct.unpack("<HH", stream.read(_LOCAL_HEADER)[-4:])  # of name and extra field
    stream.seek(member.header_offset + _LOCAL_HEADER + sum(lengths))
    found = npy_array(file, stream, name)
    _check_length(found, _length(stream))
    return found


def _read_safetensors(file: Path, stream: BinaryIO) -> dict[str, StoredArray]:
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > _LONGEST_HEADER:
        raise ValueError("its header claims more bytes than a header may have")
    header = parse_json(stream.read(length), unique=True)
    found, size = {}, _length(stream)
    for name, said in header.items():
        if name != "__metadata__" and said["dtype"] in DTYPES:
            offset = 8 + length + int(said["data_offsets"][0])
            shape = tuple(int(n) for n in said["shape"])
            dtype = DTYPES[said["dtype"]]
            brain = said["dtype"] == "BF16"
            found[name] = StoredArray(str(file), name, dtype, offset, shape, brain)
            _check_length(found[name], size)
    return found


_READERS: Mapping[str, Callable[[Path, BinaryIO], dict[str, StoredArray]]] = {
    ".npy": _read_npy,
    ".npz": _read_npz,
    ".safetensors": _read_safetensors,
}
SUFFIXES = tuple(_READERS)
