"""tar_shards: samples in tar files, as webdataset and its kin write them, read by their place.

    shard-000000.tar:  a/0001.npy  a/0001.cls  a/0002.npy  a/0002.cls  ...

An uncompressed tar is random access once its headers are indexed. So there is no stream, no
shuffle buffer and no position in one to save: the trainer's permutation mixes all samples, and
each process reads the rows of a batch that are its own, and no byte more.
"""

from __future__ import annotations

import io
import itertools
import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.latent_decoder import LatentDecoder
from secantfw_data.latent_files import files_of, natural
from secantfw_data.latents import STD_BOUNDS
from secantfw_data.options import TarShardsOptions
from secantfw_data.pixels import RULE, to_uint8
from secantfw_data.tar_index import TarIndex, index_of
from secantfw_data.tar_items import item_of

_PACKED = (".tgz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst")
_LOOKED_AT = 64  # items that the standard deviation is taken of


class TarShards(Dataset):
    """Items by shard and place in it; labels are kept."""

    pixels = RULE

    def __init__(self, options: TarShardsOptions) -> None:
        self._options, self.spec = options, self.spec_of(options)
        self._decoder = None if options.vae is None else LatentDecoder(options.vae, options.scale)
        self.decoder = "" if self._decoder is None else self._decoder.identity
        files = find_tars(Path(options.folder))
        kept = len(files) - options.held_out_shards
        if kept < 1:
            raise UserError(
                f"{options.folder}: held_out_shards = {options.held_out_shards} leaves no shard "
                f"of {len(files)} to train on"
            )
        indices = [index_of(file, options) for file in files]
        self._splits = {
            "train": _Split(indices[:kept], options),
            "test": _Split(indices[kept:], options),
        }
        self._check_scale()

    @classmethod
    def spec_of(cls, options: TarShardsOptions) -> DataSpec:
        return DataSpec(options.shape, options.classes)

    def size(self, split: Split) -> int:
        return self._splits[split].size

    def items(self, split: Split, index: Tensor) -> Items:
        return self._splits[split].items(index)

    def to_uint8(self, x: Tensor) -> Tensor | None:
        if self._decoder is not None:
            return self._decoder.pictures(x)
        return to_uint8(x).movedim(1, -1).cpu() if self.spec.shape[0] in (1, 3) else None

    def _check_scale(self) -> None:
        """Arrays that are far from standard deviation 1 would train, and come to nothing."""
        split, options = self._splits["train"], self._options
        std = float(split.items(torch.arange(min(_LOOKED_AT, split.size))).x_0.std())
        low, high = STD_BOUNDS
        if not options.is_picture and split.size > 1 and not low < std < high:
            raise UserError(
                f"{options.folder}: items times scale = {options.scale} have a standard deviation "
                f"of {std:.3g}, expected about 1; set `scale`"
            )


class _Split:
    """Some of the shards, their samples numbered through."""

    def __init__(self, indices: list[TarIndex], options: TarShardsOptions) -> None:
        self._indices, self._options = indices, options
        ends = list(itertools.accumulate(len(index.offset) for index in indices))
        self._ends = np.array(ends, dtype=np.int64)
        self.size = ends[-1] if ends else 0
        labels = np.concatenate([i.label for i in indices]) if indices else np.empty(0, np.int64)
        self._label = torch.from_numpy(labels) if options.classes else None

    def items(self, index: Tensor) -> Items:
        """Read shard by shard and forwards in each, put back in the order asked for."""
        row = index.numpy()
        shard = np.searchsorted(self._ends, row, side="right")
        x_0 = torch.empty((len(row), *self._options.shape))
        for number in np.unique(shard).tolist():
            tar = self._indices[number]
            first = int(self._ends[number]) - len(tar.offset)
            with _opened(tar.file) as stream:
                for i in np.flatnonzero(shard == number)[
                    np.argsort(row[shard == number])
                ].tolist():
                    x_0[i] = self._item(tar, stream, int(row[i]) - first)
        return Items(x_0, None if self._label is None else self._label[index])

    def _item(self, tar: TarIndex, stream: io.FileIO, n: int) -> Tensor:
        offset, size = int(tar.offset[n]), int(tar.size[n])
        place = f"{tar.file}: sample {n} at byte {offset:,}"
        data = os.pread(stream.fileno(), size, offset)
        if len(data) < size:
            raise UserError(f"{place}: {size:,} bytes expected, {len(data):,} there: it was cut")
        return item_of(data, place, self._options)


def find_tars(folder: Path) -> list[Path]:
    """Every shard of the folder, in the natural order of the names (2 before 10).

    Raises:
        UserError: there is none, or one that is compressed.
    """
    files = files_of(folder)
    packed = [file for file in files if file.name.lower().endswith(_PACKED)]
    if packed:
        raise UserError(f"{packed[0]}: is compressed, so samples have no place in it; unpack it")
    found = files if folder.is_file() else [f for f in files if f.suffix.lower() == ".tar"]
    if not found:
        raise UserError(f"{folder}: no .tar files in it")
    return sorted(found, key=lambda file: natural(file.name))


def _opened(file: Path) -> io.FileIO:
    try:
        return file.open("rb", buffering=0)
    except OSError as error:
        raise UserError(f"{file}: cannot be opened any more ({error.strerror})") from error
