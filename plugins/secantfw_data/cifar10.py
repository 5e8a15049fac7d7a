"""cifar10: CIFAR-10's 50,000 training and 10,000 held-out pictures, from files of the user's.

x_0 = pixel / 127.5 - 1 in [-1, 1], shape (3, 32, 32); labels 0..9. With `flips` the indices
n..2n-1 of the training split are its pictures mirrored left to right.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.cifar10_files import CLASSES, SHAPE, Pictures, how_to_get, is_there, read_split
from secantfw_data.options import Cifar10Options
from secantfw_data.pixels import from_uint8, to_uint8


class Cifar10(Dataset):
    """Kept in memory as bytes. What is there is read at once, so that `check` sees any damage;
    what has to be downloaded is, when the first item is asked for."""

    def __init__(self, options: Cifar10Options) -> None:
        self.spec, self._options = self.spec_of(options), options
        self._folder = Path(options.folder)
        self._kept: dict[Split, Pictures] = {}
        if is_there(self._folder):
            self._split("train")
            self._split("test")
        elif not options.download:
            raise UserError(f"{self._folder}: CIFAR-10 is not in it; {how_to_get(self._folder)}")

    @classmethod
    def spec_of(cls, options: Cifar10Options) -> DataSpec:
        return DataSpec(SHAPE, CLASSES if options.labels else 0)

    def size(self, split: Split) -> int:
        rows = len(self._split(split).label)
        return 2 * rows if self._mirrors(split) else rows

    def items(self, split: Split, index: Tensor) -> Items:
        kept = self._split(split)
        rows = len(kept.label)
        row = index % rows
        x_0 = from_uint8(kept.pixels[row])
        mirrored = (index >= rows).view(-1, 1, 1, 1)
        x_0 = torch.where(mirrored, x_0.flip(3), x_0)
        return Items(x_0, kept.label[row] if self.spec.num_classes else None)

    def to_uint8(self, x: Tensor) -> Tensor:
        return to_uint8(x).movedim(1, -1).cpu()

    def _split(self, split: Split) -> Pictures:
        if split not in self._kept:
            self._kept[split] = read_split(self._folder, split, self._options)
        return self._kept[split]

    def _mirrors(self, split: Split) -> bool:
        return self._options.flips and split == "train"
