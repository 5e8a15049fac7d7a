"""fashion16: Fashion-MNIST averaged to 16x16 grey, shipped with the plug-in (MIT licence).

x_0 = pixel / 127.5 - 1 in [-1, 1], shape (1, 16, 16); labels 0..9. assets/README.md says where the
pictures come from.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split
from secantfw_data.options import Fashion16Options
from secantfw_data.pixels import RULE, from_uint8, to_uint8

FILE = Path(__file__).parent / "assets" / "fashion16.npz"


class Fashion16(Dataset):
    """30,000 training and 5,000 held-out pictures of clothes, the 10 classes equally often."""

    pixels = RULE

    def __init__(self, options: Fashion16Options) -> None:
        self.spec = DataSpec((1, 16, 16), num_classes=10 if options.labels else 0)
        with np.load(FILE, allow_pickle=False) as arrays:
            self._pixels = {split: torch.from_numpy(arrays[split]) for split in ("train", "test")}
            self._labels = {
                split: torch.from_numpy(arrays[f"{split}_label"]).long()
                for split in ("train", "test")
            }

    def size(self, split: Split) -> int:
        return len(self._pixels[split])

    def items(self, split: Split, index: Tensor) -> Items:
        x_0 = from_uint8(self._pixels[split][index].unsqueeze(1))
        return Items(x_0, self._labels[split][index] if self.spec.num_classes else None)

    def to_uint8(self, x: Tensor) -> Tensor:
        return to_uint8(x).movedim(1, -1).cpu()
