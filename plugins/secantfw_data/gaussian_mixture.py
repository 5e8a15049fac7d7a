"""gaussian_mixture as a data set: a fixed draw from the mixture."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split
from secantfw_data.mixture import mixture_of
from secantfw_data.options import GaussianMixtureOptions


class GaussianMixture(Dataset):
    """Items are drawn once, from `seed`; the two splits are independent of each other's size."""

    def __init__(self, options: GaussianMixtureOptions) -> None:
        mixture = mixture_of(options)
        self.spec = DataSpec((options.dimension,), len(mixture.means) if options.labels else 0)
        self._labels = options.labels
        self._items = {
            "train": mixture.draw(options.size, torch.Generator().manual_seed(2 * options.seed)),
            "test": mixture.draw(
                options.held_out, torch.Generator().manual_seed(2 * options.seed + 1)
            ),
        }

    def size(self, split: Split) -> int:
        return len(self._items[split].x_0)

    def items(self, split: Split, index: Tensor) -> Items:
        kept = self._items[split]
        assert kept.label is not None
        return Items(kept.x_0[index], kept.label[index] if self._labels else None)
