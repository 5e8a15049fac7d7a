"""The training items of a step on the device: read when asked, read ahead, or kept there.

A step's items are a function of its number, so that all three give the same bits. What travels to
a device travels as one copy, from pinned memory, which the host does not wait for.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import attrs
import torch
from torch import Tensor

from secantfw.assembly.checked_items import checked_items
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.records import Items
from secantfw.runtime.devices import pins

_ALIGNED = 16  # bytes, as kernels like it
_CHUNK = 4096  # items that are read at once when all are
#: step -> positions in the data set, (n,) int64 on the CPU.
Indices = Callable[[int], Tensor]


@attrs.frozen(eq=False)
class Drawn:
    """A step's items, on the device, and their positions in the data set, on the CPU."""

    items: Items
    index: Tensor


class ItemSource(abc.ABC):
    """Items by step."""

    def __init__(self, dataset: Dataset, indices: Indices, device: torch.device) -> None:
        self.dataset, self.indices, self.device = dataset, indices, device

    @abc.abstractmethod
    def at(self, step: int) -> Drawn:
        """The items of `step`.

        Raises:
            UserError: items that are not what the data set says, by index.
        """

    def _read(self, step: int) -> Drawn:
        index = self.indices(step)
        return Drawn(checked_items(self.dataset, index), index)


class Read(ItemSource):
    """Reads a step's items when the step asks."""

    def at(self, step: int) -> Drawn:
        read = self._read(step)
        if self.device.type == "cpu":
            return read  # it is there
        return Drawn(moved(read.items, self.device), read.index)


class Prefetch(ItemSource):
    """A thread reads the next step's items while the device works on this one's."""

    def __init__(self, dataset: Dataset, indices: Indices, device: torch.device) -> None:
        super().__init__(dataset, indices, device)
        self._reader = ThreadPoolExecutor(1, "secantfw-items")  # alone, so reads never overlap
        self._ahead: dict[int, Future[Drawn]] = {}

    def at(self, step: int) -> Drawn:
        ready = self._ahead.pop(step, None) or self._reader.submit(self._read, step)
        self._ahead = {step + 1: self._reader.submit(self._read, step + 1)}
        read = ready.result()
        return Drawn(moved(read.items, self.device), read.index)


class Resident(ItemSource):
    """Every item is on the device from the start; a step gathers its own there."""

    def __init__(self, dataset: Dataset, indices: Indices, device: torch.device) -> None:
        super().__init__(dataset, indices, device)
        pieces = [
            moved(checked_items(dataset, index), device)
            for index in torch.split(torch.arange(dataset.size("train")), _CHUNK)
        ]
        self._x_0 = torch.cat([piece.x_0 for piece in pieces])
        labels = [piece.label for piece in pieces if piece.label is not None]
        self._label = torch.cat(labels) if labels else None

    def at(self, step: int) -> Drawn:
        index = self.indices(step)
        here = index.to(self.device, non_blocking=True)
        label = None if self._label is None else self._label[here]
        return Drawn(Items(self._x_0[here], label), index)


def moved(items: Items, device: torch.device) -> Items:
    """The items on `device`, by one copy that nobody waits for."""
    if device.type == "cpu":
        return items
    parts = [items.x_0] if items.label is None else [items.x_0, items.label]
    ends = [0]
    for part in parts:
        ends.append(ends[-1] + -(-part.nbytes // _ALIGNED) * _ALIGNED)
    packed = torch.empty(ends[-1], dtype=torch.uint8, pin_memory=pins())
    for part, start in zip(parts, ends, strict=False):
        _place(packed, part, start).copy_(part)
    there = packed.to(device, non_blocking=True)
    found = [_place(there, part, start) for part, start in zip(parts, ends, strict=False)]
    return Items(found[0], None if items.label is None else found[1])


def _place(packed: Tensor, like: Tensor, start: int) -> Tensor:
    """Where `like` lies in the bytes `packed`, with its dtype and shape."""
    return packed[start : start + like.nbytes].view(like.dtype).view(like.shape)
