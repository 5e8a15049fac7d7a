"""ReferenceData: correlated Gaussian items of any shape, for components that need a data set."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from secantfw.interfaces.dataset import Dataset, Split
from secantfw.interfaces.records import DataSpec, Items

_SIZES = {"train": 512, "test": 256}


class ReferenceData(Dataset):
    """x_0 = tanh(0.4 (u + shared)) with u normal; labels run over the classes."""

    def __init__(self, spec: DataSpec) -> None:
        self.spec = spec

    def size(self, split: Split) -> int:
        return _SIZES[split]

    def items(self, split: Split, index: Tensor) -> Items:
        rng = torch.Generator().manual_seed(_SIZES[split])
        numbers = math.prod(self.spec.shape)
        flat = torch.randn((_SIZES[split], numbers + 1), generator=rng)
        x_0 = (0.4 * (flat[:, 1:] + flat[:, :1])).tanh()[index].view(-1, *self.spec.shape)
        label = index % self.spec.num_classes if self.spec.num_classes else None
        return Items(x_0, label)

    def to_uint8(self, x: Tensor) -> Tensor | None:
        if len(self.spec.shape) != 3 or self.spec.shape[0] not in (1, 3):
            return None
        return (127.5 * x + 128).clamp(0, 255).to(torch.uint8).movedim(1, -1).cpu()
