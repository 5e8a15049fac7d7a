"""The numbers of a tensor in an EDM pickle: a file of torch.save of its own, inside the pickle.

`torch.storage._load_from_bytes` would read it without any restriction. Here its five pickles are
read as data first, so that its kind and length are known; then torch's weights_only reader has it.
"""

from __future__ import annotations

import io
import struct
import warnings

import torch
from torch import Tensor

from secantfw_edm.formats.inert_pickle import Made, Named, read_pickle

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
}
_NAMES = {("torch", name): name for name in _DTYPES}
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001


def stored_numbers(content: memoryview | bytes) -> Tensor:
    """The numbers, (n,), on the CPU, in memory of their own.

    Raises:
        ValueError: not what torch.save writes of one storage, or shorter than it claims.
    """
    stream = io.BytesIO(content)
    if read_pickle(stream, {}) != _MAGIC or read_pickle(stream, {}) != _VERSION:
        raise ValueError("a tensor's numbers are not in torch's older format")
    read_pickle(stream, {})  # the writer's byte order and sizes, which torch looks at
    dtype, key, numel = _described(read_pickle(stream, _NAMES, persistent=True))
    if read_pickle(stream, {}) != [key]:
        raise ValueError("a tensor's numbers are not one storage")
    rest = stream.read(8)
    size = len(content) - stream.tell()
    if rest != struct.pack("<q", numel) or size != numel * dtype.itemsize:
        raise ValueError(f"a tensor of {numel:,} numbers is claimed, and {size:,} bytes are there")
    stream.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's typed storages, which is what this is
        loaded = torch.load(stream, map_location="cpu", weights_only=True)
        return torch.empty(0, dtype=dtype).set_(loaded.untyped())


def _described(value: object) -> tuple[torch.dtype, str, int]:
    """(dtype, key, length) of `("storage", type, key, location, length, None)`."""
    match value:
        case Made(
            kind="persistent",
            args=(("storage", Named(kind=kind), str(key), str(), int(numel), None),),
        ) if numel >= 0:
            return _DTYPES[kind], key, numel
    raise ValueError("a tensor's numbers are no plain storage")
