"""latents: pictures that an autoencoder has encoded before, in a folder of shards.

    x_0 = scale * latent,    latent = mean + std e  where the shards hold posteriors

Only the rows of a batch are read, so any number of shards takes next to none; labels are kept.
Where the shards have the latents of the mirrored pictures too, the indices n..2n-1 are those.
"""

from __future__ import annotations

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.latent_decoder import LatentDecoder
from secantfw_data.latent_index import LatentIndex, index_of
from secantfw_data.latent_rows import read_latents
from secantfw_data.options import LatentsOptions
from secantfw_data.pixels import RULE
from secantfw_data.stored_rows import StoredRows

#: The standard deviation of data that a diffusion model is trained on is about 1.
STD_BOUNDS = (0.3, 3.0)
_LOOKED_AT = 64  # latents that the standard deviation is taken of


class Latents(Dataset):
    """Latents by shard and row. The noise e of a posterior is a function of the index."""

    pixels = RULE

    def __init__(self, options: LatentsOptions) -> None:
        self._options, self.spec = options, self.spec_of(options)
        self._decoder = None if options.vae is None else LatentDecoder(options.vae, options.scale)
        self.decoder = "" if self._decoder is None else self._decoder.identity
        self._index, self._stored = index_of(options), StoredRows()
        self._parts = _parts(self._index, options)
        self._check_scale()

    @classmethod
    def spec_of(cls, options: LatentsOptions) -> DataSpec:
        return DataSpec(options.shape, options.classes)

    def size(self, split: Split) -> int:
        part = self._parts[split]
        return part.rows * (2 if part.mirrored else 1)

    def items(self, split: Split, index: Tensor) -> Items:
        part, kept = self._parts[split], self._index
        flipped, row = np.divmod(index.numpy(), max(part.rows, 1))
        row = row + part.first
        shard = np.searchsorted(kept.ends, row, side="right")
        starts = kept.ends[shard - 1] * (shard > 0)
        sources = [
            source
            for f, n in zip(flipped.tolist(), shard.tolist(), strict=True)
            if (source := kept.flipped[n] if f else kept.plain[n]) is not None
        ]
        x_0 = read_latents(self._stored, sources, row - starts, index, self.spec.shape)
        label = None if kept.label is None else kept.label[torch.from_numpy(row)]
        return Items(x_0.mul_(self._factor), label)

    def to_uint8(self, x: Tensor) -> Tensor | None:
        return None if self._decoder is None else self._decoder.pictures(x)

    @property
    def _factor(self) -> float:
        return 1.0 if self._options.scaled else self._options.scale

    def _check_scale(self) -> None:
        """Latents that were scaled twice, or never, would train, and come to nothing."""
        options, rows = self._options, self._parts["train"].rows
        std = float(self.items("train", torch.arange(min(_LOOKED_AT, rows))).x_0.std())
        low, high = STD_BOUNDS
        if rows > 1 and not low < std < high:
            made, cure = f"times scale = {options.scale}", "true` if they already are"
            if options.scaled:
                made, cure = "as they stand", "false` if they are not"
            raise UserError(
                f"{options.folder}: latents {made} have a standard deviation of {std:.3g}, "
                f"expected about 1; set `scale`, and `scaled = {cure} multiplied by it"
            )


@attrs.frozen
class _Part:
    """The rows of a split."""

    first: int
    rows: int
    mirrored: bool


def _parts(index: LatentIndex, options: LatentsOptions) -> dict[Split, _Part]:
    files = len(index.file_rows)
    kept = files - options.held_out_shards
    if kept < 1:
        raise UserError(
            f"{options.folder}: held_out_shards = {options.held_out_shards} leaves no shard "
            f"of {files} to train on"
        )
    held, rows = int(index.file_rows[kept:].sum()), int(index.ends[-1])
    train = rows - held
    return {
        "train": _Part(0, train, index.has_mirrored(train)),
        "test": _Part(train, held, mirrored=False),
    }
