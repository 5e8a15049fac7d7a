"""The shards of `latents`: which files there are, and what rows each of them has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw import UserError
from secantfw_data.options import LatentsOptions
from secantfw_data.stored_array import ONLY, SUFFIXES, StoredArray, stored_arrays

MEAN, STD, LABEL, FLIPPED = "mean", "std", "label", "_flip"


@attrs.frozen
class Source:
    """Latents (n, C, H, W); with `std` those are the means of an encoder's posterior."""

    mean: StoredArray
    std: StoredArray | None = None


@attrs.frozen
class Shard:
    """One file: its latents, and, where it has them, those of the mirrored pictures."""

    plain: Source
    flipped: Source | None
    label: StoredArray | None

    @property
    def rows(self) -> int:
        return self.plain.mean.shape[0]


def find_shards(options: LatentsOptions) -> list[Shard]:
    """Every shard of the folder, in the natural order of the names (2 before 10).

    Raises:
        UserError: no shard, or one that is damaged or unlike what the options say, by its name.
    """
    folder = Path(options.folder)
    files = sorted((f for f in files_of(folder) if f.suffix.lower() in SUFFIXES), key=natural)
    if not files:
        raise UserError(f"{folder}: no shards of latents in it ({', '.join(SUFFIXES)})")
    return [_shard(file, options) for file in files]


def files_of(folder: Path) -> list[Path]:
    return [folder] if folder.is_file() else [f for f in folder.iterdir() if f.is_file()]


def natural(file: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", file.name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _shard(file: Path, options: LatentsOptions) -> Shard:
    arrays = stored_arrays(file)
    plain = _source(file, arrays, "", options)
    if plain is None:
        expected = f"{options.x!r}, or {MEAN!r} and {STD!r}"
        raise UserError(f"{file}: no latents: expected {expected}; it has {', '.join(arrays)}")
    flipped = _source(file, arrays, FLIPPED, options)
    if options.flipped is not None:
        beside = _beside(file, options.flipped)
        flipped = _source(beside, stored_arrays(beside), "", options)
    if flipped is not None and flipped.mean.shape != plain.mean.shape:
        raise UserError(
            f"{flipped.mean.place}: {flipped.mean.shape[0]} mirrored latents for "
            f"{plain.mean.shape[0]}"
        )
    return Shard(plain, flipped, _label(file, arrays, plain.mean.shape[0], options))


def _source(
    file: Path, arrays: Mapping[str, StoredArray], suffix: str, options: LatentsOptions
) -> Source | None:
    samples = arrays.get(options.x + suffix)
    if not suffix and ONLY in arrays:
        samples = arrays[ONLY]
    if samples is not None:
        return Source(_checked(samples, options))
    if MEAN + suffix not in arrays or STD + suffix not in arrays:
        return None
    pair = [_checked(arrays[name + suffix], options) for name in (MEAN, STD)]
    if pair[0].shape != pair[1].shape:
        raise UserError(f"{file}: {MEAN} has {pair[0].shape[0]} rows, {STD} {pair[1].shape[0]}")
    return Source(*pair)


def _checked(array: StoredArray, options: LatentsOptions) -> StoredArray:
    array = array.per_item(1 + len(options.shape))
    if array.shape[1:] != options.shape or not array.shape[0]:
        raise UserError(
            f"{array.place}: has shape {array.shape}, expected (n, "
            f"{', '.join(map(str, options.shape))}), the data set's `shape`"
        )
    if np.dtype(array.dtype).kind != "f" and not array.bfloat16:
        raise UserError(f"{array.place}: is {np.dtype(array.dtype).name}, expected floats")
    return array


def _label(
    file: Path, arrays: Mapping[str, StoredArray], rows: int, options: LatentsOptions
) -> StoredArray | None:
    if not options.classes:
        return None
    if options.labels is not None:
        file = _beside(file, options.labels)
        arrays = stored_arrays(file)
    array = arrays.get(LABEL) or (arrays.get(ONLY) if options.labels is not None else None)
    if array is None:
        raise UserError(
            f"{file}: no array {LABEL!r}, and the data set has {options.classes} classes; name "
            "the folder of the labels in `labels`, or set classes = 0"
        )
    count = int(np.prod(array.shape))
    if np.dtype(array.dtype).kind not in "iu" or array.bfloat16 or count != rows:
        said = f"{np.dtype(array.dtype).name} of shape {array.shape}"
        raise UserError(f"{array.place}: labels are {said}, expected {rows} integers")
    return attrs.evolve(array, shape=(count,))


def _beside(file: Path, folder: str) -> Path:
    """The file of the same name in another folder (or that folder itself, if it is a file)."""
    other = Path(folder)
    other = other if other.is_file() else other / file.name
    if not other.is_file():
        raise UserError(f"{other}: no such file, and {file.name} is a shard of latents")
    return other


def read_labels(shards: list[Shard], classes: int) -> Tensor:
    """All labels, (n,) int64; they are small enough to be kept."""
    found = [torch.empty(0, dtype=torch.int64)]
    for shard in shards:
        assert shard.label is not None
        label = shard.label.rows(np.arange(shard.rows)).to(torch.int64)
        bad = ((label < 0) | (label >= classes)).nonzero().flatten().tolist()
        if bad:
            raise UserError(
                f"{shard.label.place}: row {bad[0]} is {int(label[bad[0]])}, expected "
                f"0..{classes - 1}"
            )
        found.append(label)
    return torch.cat(found)
