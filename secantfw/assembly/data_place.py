"""Where `[train] data = "auto"` keeps the training items."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch

from secantfw.assembly.items import ItemSource, Prefetch, Read, Resident
from secantfw.experiment.schema import Train
from secantfw.interfaces.dataset import Dataset
from secantfw.runtime.memory import available_bytes

_SHARE = 0.25  # of the device's free memory, which a step's activations need too
_NUMBER, _LABEL = 4, 8  # bytes

_SOURCES: Mapping[Literal["read", "prefetch", "device"], type[ItemSource]] = {
    "read": Read,
    "prefetch": Prefetch,
    "device": Resident,
}


def item_source(train: Train, dataset: Dataset, device: torch.device) -> type[ItemSource]:
    """The kind of source that `[train] data` asks for, or the best one here."""
    if train.data != "auto":
        return _SOURCES[train.data]
    if device.type == "cpu":
        return Read
    items, free = dataset.size("train"), available_bytes(device)
    needed = items * (_NUMBER * math.prod(dataset.spec.shape) + _LABEL)
    all_used = train.steps * train.batch_size >= items
    return Resident if all_used and free is not None and needed <= _SHARE * free else Prefetch
