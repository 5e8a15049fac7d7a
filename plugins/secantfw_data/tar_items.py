"""One item of a tar shard from its bytes: an array or a picture; nothing is ever unpickled.

A header is held to the shape that is expected before anything of that size is allocated.
"""

from __future__ import annotations

import io
import math
import zipfile

import numpy as np
import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.options import TarShardsOptions
from secantfw_data.picture_file import decode_square
from secantfw_data.pixels import from_uint8
from secantfw_data.stored_array import npy_array

_HEADER = 1 << 16  # bytes of an npy header at most
_WIDEST = 8  # bytes of a number


def item_of(data: bytes, place: str, options: TarShardsOptions) -> Tensor:
    """float32 of `options.shape`.

    Raises:
        UserError: not what `options.x` says, another shape or dtype, objects, not finite.
    """
    if options.is_picture:
        channels, side, _ = options.shape
        formats = ("PNG",) if options.kind == "png" else ("JPEG",)
        return from_uint8(decode_square(io.BytesIO(data), place, side, channels, formats))
    try:
        if options.kind == "npz":
            data = _of_npz(data, options)
        x = _array(data, place, options)
    except UserError:
        raise
    except Exception as error:  # damaged headers raise nearly anything
        raise UserError(f"{place}: cannot be read as .{options.kind} ({error})") from error
    if x.dtype == torch.uint8:
        return from_uint8(x)
    x = x.float()
    if not torch.isfinite(x).all():
        raise UserError(f"{place}: is not finite")
    return x.mul_(options.scale)


def _array(data: bytes, place: str, options: TarShardsOptions) -> Tensor:
    stored = npy_array(place, io.BytesIO(data)).per_item(len(options.shape))
    dtype = np.dtype(stored.dtype)
    if stored.shape != options.shape or (dtype.kind != "f" and dtype != np.uint8):
        raise UserError(
            f"{place}: is {dtype.name} of shape {stored.shape}, expected floats or uint8 of shape "
            f"{options.shape}, the data set's `shape`"
        )
    count = math.prod(stored.shape)
    found = np.frombuffer(data, dtype, count, stored.offset).reshape(stored.shape)
    return torch.from_numpy(found.astype(dtype.newbyteorder("=")))  # a copy, which may be written


def _of_npz(data: bytes, options: TarShardsOptions) -> bytes:
    """The npy file in it; what it unpacks to is bounded by what it may be."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        info = archive.getinfo(f"{options.array}.npy")
        if info.file_size > _HEADER + _WIDEST * math.prod(options.shape):
            raise ValueError(f"{options.array} claims {info.file_size:,} bytes")
        with archive.open(info) as stream:
            return stream.read(info.file_size)
