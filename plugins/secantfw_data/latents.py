"""latents: pictures that an autoencoder has encoded before, in a folder of shards.

    x_0 = scale * latent,    latent = mean + std e  where the shards hold posteriors

Shards are mapped into memory, so any number of them takes next to none; labels are kept. Where the
shards have the latents of the mirrored pictures too, the indices n..2n-1 are those.
"""

from __future__ import annotations

import itertools

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.latent_decoder import LatentDecoder
from secantfw_data.latent_shards import Shard, find_shards, read_labels
from secantfw_data.options import LatentsOptions
from secantfw_data.pixels import RULE
from secantfw_data.stored_array import StoredArray

#: The standard deviation of data that a diffusion model is trained on is about 1.
STD_BOUNDS = (0.3, 3.0)
_LOOKED_AT = 64  # latents that the standard deviation is taken of


class Latents(Dataset):
    """Latents by shard and row. The noise e of a posterior is a function of the index."""

    pixels = RULE

    def __init__(self, options: LatentsOptions) -> None:
        self.spec = self.spec_of(options)
        factor = 1.0 if options.scaled else options.scale
        self._decoder = None if options.vae is None else LatentDecoder(options.vae, options.scale)
        self.decoder = "" if self._decoder is None else self._decoder.identity
        shards = find_shards(options)
        kept = len(shards) - options.held_out_shards
        if kept < 1:
            raise UserError(
                f"{options.folder}: held_out_shards = {options.held_out_shards} leaves no shard "
                f"of {len(shards)} to train on"
            )
        self._splits = {
            "train": _Split(shards[:kept], self.spec, factor, mirrored=True),
            "test": _Split(shards[kept:], self.spec, factor, mirrored=False),
        }
        _check_scale(self._splits["train"], options)

    @classmethod
    def spec_of(cls, options: LatentsOptions) -> DataSpec:
        return DataSpec(options.shape, options.classes)

    def size(self, split: Split) -> int:
        return self._splits[split].size

    def items(self, split: Split, index: Tensor) -> Items:
        return self._splits[split].items(index)

    def to_uint8(self, x: Tensor) -> Tensor | None:
        return None if self._decoder is None else self._decoder.pictures(x)


class _Split:
    """Some of the shards, their rows numbered through."""

    def __init__(self, shards: list[Shard], spec: DataSpec, factor: float, mirrored: bool) -> None:
        self._shards, self._shape, self._factor = shards, spec.shape, factor
        self._ends = np.array(list(itertools.accumulate(s.rows for s in shards)), dtype=np.int64)
        self.rows = int(self._ends[-1]) if shards else 0
        flips = mirrored and bool(shards) and all(s.flipped is not None for s in shards)
        self.size = self.rows * (2 if flips else 1)
        self._label = read_labels(shards, spec.num_classes) if spec.num_classes else None

    def items(self, index: Tensor) -> Items:
        """Rows are read shard by shard and put back in the order asked for."""
        flipped, row = np.divmod(index.numpy(), max(self.rows, 1))
        shard = np.searchsorted(self._ends, row, side="right")
        latents = torch.empty(len(row), *self._shape)
        for group in np.unique(np.stack((shard, flipped)), axis=1).T.tolist():
            where = np.flatnonzero((shard == group[0]) & (flipped == group[1]))
            first = int(self._ends[group[0]]) - self._shards[group[0]].rows
            part = self._read(group[0], bool(group[1]), row[where] - first, index[where])
            latents[torch.from_numpy(where)] = part
        label = None if self._label is None else self._label[torch.from_numpy(row)]
        return Items(latents, label)

    def _read(self, number: int, flipped: bool, rows: NDArray[np.int64], index: Tensor) -> Tensor:
        """float32 (k, *): x_0 of `rows` of one shard."""
        shard = self._shards[number]
        source = shard.flipped if flipped and shard.flipped is not None else shard.plain
        latent = _finite(source.mean, rows)
        if source.std is not None:
            std = _finite(source.std, rows)
            _check_std(source.std, std, rows)
            latent = torch.addcmul(latent, std, _noise(index, latent.shape[1:]))
        return latent.mul_(self._factor)


def _finite(array: StoredArray, rows: NDArray[np.int64]) -> Tensor:
    found = array.rows(rows).float()
    if not torch.isfinite(found).all():
        bad = (~torch.isfinite(found)).flatten(1).any(1).nonzero()[0]
        raise UserError(f"{array.place}: row {int(rows[int(bad)])} is not finite")
    return found


def _check_std(array: StoredArray, std: Tensor, rows: NDArray[np.int64]) -> None:
    bad = (std < 0).flatten(1).any(1).nonzero().flatten().tolist()
    if bad:
        raise UserError(
            f"{array.place}: row {int(rows[bad[0]])} has a negative standard deviation; are these "
            "log-variances?"
        )


def _noise(index: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard normal (k, *), row by row a function of the index alone."""
    rng = torch.Generator()
    return torch.stack([torch.randn(shape, generator=rng.manual_seed(i)) for i in index.tolist()])


def _check_scale(split: _Split, options: LatentsOptions) -> None:
    """Latents that were scaled twice, or never, would train, and come to nothing."""
    std = float(split.items(torch.arange(min(_LOOKED_AT, split.rows))).x_0.std())
    low, high = STD_BOUNDS
    if split.rows > 1 and not low < std < high:
        made, cure = f"times scale = {options.scale}", "true` if they already are"
        if options.scaled:
            made, cure = "as they stand", "false` if they are not"
        raise UserError(
            f"{options.folder}: latents {made} have a standard deviation of {std:.3g}, expected "
            f"about 1; set `scale`, and `scaled = {cure} multiplied by it"
        )
