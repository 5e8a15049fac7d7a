"""Dataset: indexed items with a training and a held-out split."""

from __future__ import annotations

import abc
from typing import Any, Literal

from torch import Tensor

from secantfw.interfaces.records import DataSpec, Items

Split = Literal["train", "test"]


class Dataset(abc.ABC):
    """Items by index. Built as `Component(options)`; the trainer decides the order."""

    spec: DataSpec
    #: How `to_uint8` rounds, as a formula, and what decodes latents (a name and a hash). They are
    #: in the stamp of every number that was measured on pictures.
    pixels: str = ""
    decoder: str = ""

    @abc.abstractmethod
    def size(self, split: Split) -> int:
        """How many items the split has; 0 for a split that does not exist."""

    @abc.abstractmethod
    def items(self, split: Split, index: Tensor) -> Items:
        """The items at `index` (n,) int64 on the CPU, as CPU tensors; n may be 0, in either split.

        Raises:
            UserError: an item that cannot be read or is not finite, by file and index.
        """

    @classmethod
    def spec_of(cls, options: Any) -> DataSpec | None:
        """The spec as the options alone tell it, for when their files are missing; None: they do
        not. With it `check` and dry runs, which then use made-up items, work without the files.
        """
        return None

    def to_uint8(self, x: Tensor) -> Tensor | None:
        """Pictures (n, height, width, channels) uint8 on the CPU; None if x (n, *) is not one.

        Whatever shows or measures samples as pictures asks for them here: a data set of latents
        decodes, on the device that x is on. n may be 0, which asks for the pictures' size.
        """
        return None
