"""The shards of `latents`: what rows each file has, their labels and their mirrored latents."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.dataset_json import label_of
from secantfw_data.latent_files import LatentFiles
from secantfw_data.options import LatentsOptions
from secantfw_data.stored_array import ONLY, StoredArray, stored_arrays
from secantfw_data.stored_rows import blocks

MEAN, STD, LABELS, FLIPPED = "mean", "std", ("label", "labels"), "_flip"


@attrs.frozen
class Source:
    """Latents (n, C, H, W), or an encoder's posterior: its means and standard deviations.

    Those are two arrays, or, without `std`, the halves of one: (n, 2C, H, W), means first.
    """

    mean: StoredArray
    std: StoredArray | None = None

    @property
    def form(self) -> tuple[object, ...]:
        """What rows must have in common to be read at once."""
        array, std = self.mean, self.std
        return array.dtype, array.bfloat16, array.shape[1:], std and (std.dtype, std.bfloat16)


@attrs.frozen
class Shard:
    """One file: its latents, where it has them those of the mirrored pictures, its labels."""

    plain: Source
    flipped: Source | None
    label: StoredArray | int | None

    @property
    def rows(self) -> int:
        return self.plain.mean.shape[0]


def open_shard(files: LatentFiles, name: str, options: LatentsOptions, labels: bool) -> Shard:
    """What is in a file, by its header; its labels are looked for if `labels`.

    Raises:
        UserError: a file that is damaged or unlike what the options say, by its name.
    """
    file = files.root / name
    arrays = stored_arrays(file)
    plain = _source(file, arrays, "", options)
    if plain is None:
        expected = f"{options.x!r}, or {MEAN!r} and {STD!r}"
        raise UserError(f"{file}: no latents: expected {expected}; it has {', '.join(arrays)}")
    flipped = _source(file, arrays, FLIPPED, options)
    if files.flipped is not None:
        beside = files.beside(name, files.flipped)
        flipped = _source(beside, stored_arrays(beside), "", options)
    if flipped is not None and flipped.mean.shape[0] != plain.mean.shape[0]:
        raise UserError(
            f"{flipped.mean.place}: {flipped.mean.shape[0]} mirrored latents for "
            f"{plain.mean.shape[0]}"
        )
    if not labels:
        return Shard(plain, flipped, None)
    own = next((arrays[key] for key in LABELS if key in arrays), None)
    return Shard(plain, flipped, _label(files, name, own, plain.mean.shape[0], options))


def _source(
    file: Path, arrays: Mapping[str, StoredArray], suffix: str, options: LatentsOptions
) -> Source | None:
    samples = arrays.get(options.x + suffix)
    if not suffix and ONLY in arrays:
        samples = arrays[ONLY]
    if samples is not None:
        return Source(_checked(samples, options, halves=True))
    if MEAN + suffix not in arrays or STD + suffix not in arrays:
        return None
    pair = [_checked(arrays[name + suffix], options) for name in (MEAN, STD)]
    if pair[0].shape != pair[1].shape:
        raise UserError(f"{file}: {MEAN} has {pair[0].shape[0]} rows, {STD} {pair[1].shape[0]}")
    return Source(*pair)


def _checked(array: StoredArray, options: LatentsOptions, halves: bool = False) -> StoredArray:
    """As rows (n, *); a file of one latent needs no first axis."""
    channels, *size = options.shape
    shapes = [options.shape, (2 * channels, *size)] if halves else [options.shape]
    array = array.per_item(1 + len(options.shape))
    if array.shape in shapes:
        array = attrs.evolve(array, shape=(1, *array.shape))
    if array.shape[1:] not in shapes or not array.shape[0]:
        raise UserError(
            f"{array.place}: has shape {array.shape}, expected (n, "
            f"{', '.join(map(str, options.shape))}), the data set's `shape`"
        )
    dtype = np.dtype(array.dtype)
    if (dtype.kind != "f" or dtype.itemsize > 8) and not array.bfloat16:
        raise UserError(f"{array.place}: is {dtype.name}, expected floats")
    return array


def _label(
    files: LatentFiles, name: str, own: StoredArray | None, rows: int, options: LatentsOptions
) -> StoredArray | int | None:
    """By the option, in the file itself, by name, or in a folder beside; all rows may have one."""
    if options.labels is None and own is None and files.label_by_name is not None:
        return label_of(files.label_by_name, name, str(files.root))
    if files.labels is not None and (own is None or options.labels is not None):
        there = stored_arrays(files.beside(name, files.labels))
        own = next((there[key] for key in (*LABELS, ONLY) if key in there), None)
    if own is None:
        return None
    count = math.prod(own.shape)
    if np.dtype(own.dtype).kind not in "iu" or own.bfloat16 or count != rows:
        said = f"{np.dtype(own.dtype).name} of shape {own.shape}"
        raise UserError(f"{own.place}: labels are {said}, expected {rows} integers")
    return attrs.evolve(own, shape=(count,))


def labels_of(shard: Shard) -> Tensor:
    """(rows,) int64."""
    if isinstance(shard.label, StoredArray):
        return torch.cat([shard.label.tensor(part) for part in blocks(shard.label)]).long()
    assert shard.label is not None
    return torch.full((shard.rows,), shard.label, dtype=torch.int64)
