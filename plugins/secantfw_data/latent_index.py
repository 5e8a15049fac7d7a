"""Which latents there are and where each is: of a folder of files, or of a packed one."""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from secantfw import UserError
from secantfw_data.latent_files import find_files
from secantfw_data.latent_shards import Shard, Source, labels_of, open_shard
from secantfw_data.options import LatentsOptions
from secantfw_data.packed_folder import (
    FILES,
    FLIPPED,
    LABEL,
    LATENTS,
    STATE,
    PackedShard,
    finished_state,
    mapped,
    packed_array,
    shard_file,
)
from secantfw_data.stored_array import StoredArray


@attrs.frozen(eq=False)
class LatentIndex:
    """Rows numbered through: `ends` (shards,) counts those up to and with each shard.

    `file_rows` are those of each file, as they were before packing: `held_out_shards` counts
    files. `label` is (rows,) int64, or None.
    """

    plain: list[Source]
    flipped: list[Source | None]
    ends: NDArray[np.int64]
    file_rows: NDArray[np.int64]
    label: Tensor | None

    def has_mirrored(self, rows: int) -> bool:
        """Whether each of the first `rows` has its mirrored latent too."""
        last = int(np.searchsorted(self.ends, rows - 1, side="right"))
        return all(source is not None for source in self.flipped[: last + 1])


def index_of(options: LatentsOptions) -> LatentIndex:
    """The index of `options.folder`, from the headers of its files.

    Raises:
        UserError: a packed folder that is not finished; a file that is damaged, unlike what the
            options say, or without the labels that they want.
    """
    folder = Path(options.folder)
    return _of_pack(folder, options) if (folder / STATE).is_file() else _of_files(options)


def _of_files(options: LatentsOptions) -> LatentIndex:
    files = find_files(options)
    plain, flipped, rows, labels = list[Source](), list[Source | None](), [], []
    for name in files.names:
        shard = open_shard(files, name, options, labels=options.classes > 0)
        for source in (shard.plain, shard.flipped):
            _refuse_compressed(source)
        plain.append(shard.plain)
        flipped.append(shard.flipped)
        rows.append(shard.rows)
        if options.classes:
            labels.append(_labels(files.root / name, shard, options))
    counts = np.array(rows, dtype=np.int64)
    label = torch.cat(labels) if labels else None
    return LatentIndex(plain, flipped, np.cumsum(counts), counts, label)


def _refuse_compressed(source: Source | None) -> None:
    for array in () if source is None else (source.mean, source.std):
        if array is not None and array.compressed:
            raise UserError(
                f"{array.file}: {array.name} is compressed, so its rows have no place; `secantfw "
                "pack` it, or write it with numpy.savez instead of savez_compressed"
            )


def _labels(file: Path, shard: Shard, options: LatentsOptions) -> Tensor:
    if shard.label is None:
        raise UserError(
            f"{file}: no array 'label', and the data set has {options.classes} classes; name "
            "the folder of the labels in `labels`, or set classes = 0"
        )
    place = shard.label.place if isinstance(shard.label, StoredArray) else str(file)
    return _in_range(labels_of(shard), place, options.classes)


def _in_range(label: Tensor, place: str, classes: int) -> Tensor:
    bad = ((label < 0) | (label >= classes)).nonzero()
    if len(bad):
        row = int(bad[0])
        raise UserError(f"{place}: row {row} is {int(label[row])}, expected 0..{classes - 1}")
    return label


def _of_pack(folder: Path, options: LatentsOptions) -> LatentIndex:
    state = finished_state(folder)
    for key in ("labels", "flipped"):
        if getattr(options, key) is not None:
            raise UserError(f"{folder}: is packed, with all there was; leave out `{key}`")
    plain = [_packed(folder, LATENTS, n, s, options) for n, s in enumerate(state.shards)]
    flipped = [
        None if shard.flipped is None else _packed(folder, FLIPPED, n, shard, options)
        for n, shard in enumerate(state.shards)
    ]
    ends = np.cumsum([shard.rows for shard in state.shards], dtype=np.int64)
    file_rows = mapped(FILES, folder, state.files)
    if not len(ends) or int(file_rows.sum()) != state.rows:
        raise UserError(f"{folder}: its files do not have the rows of its shards; pack it again")
    label = None
    if options.classes:
        if not state.labels:
            raise UserError(
                f"{folder}: was packed without labels, and the data set has {options.classes} "
                "classes; pack it again with --labels, or set classes = 0"
            )
        column = torch.from_numpy(mapped(LABEL, folder, state.rows))
        label = _in_range(column, str(folder / LABEL[0]), options.classes)
    return LatentIndex(plain, flipped, ends, file_rows, label)


def _packed(
    folder: Path, name: str, number: int, shard: PackedShard, options: LatentsOptions
) -> Source:
    array = packed_array(shard_file(folder, name, number), name, shard.rows)
    channels, *size = options.shape
    if array.shape[1:] not in (options.shape, (2 * channels, *size)):
        raise UserError(
            f"{array.place}: has shape {array.shape}, expected (n, "
            f"{', '.join(map(str, options.shape))}), the data set's `shape`"
        )
    return Source(array)
