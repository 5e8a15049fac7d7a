"""How much memory a training step needs on the device of its run, and how much there is."""

from __future__ import annotations

import attrs
import torch

from secantfw.training.build import Built
from secantfw.training.cost import StepCost, step_cost
from secantfw.training.memory import available_bytes

#: The interpreter with torch and its work space, beside what a step keeps (measured with B/2).
_PROGRAM_BYTES = 800_000_000
CURE = (
    "lower train.batch_size or train.micro_batch_size, or let the backbone recompute its "
    "activations, if it has an option for that"
)


@attrs.frozen
class MemoryNeed:
    """Of one process that takes `rows` rows of the global batch at once."""

    rows: int
    needed: int  # bytes, about
    available: int | None  # None: nobody can say
    device: str

    @property
    def lacking(self) -> bool:
        """Whether there is known to be less than is needed."""
        return self.available is not None and self.needed > self.available

    def __str__(self) -> str:
        left = "an unknown amount"
        if self.available is not None:
            left = f"{self.available / 1e9:.1f} GB"
        return (
            f"about {self.needed / 1e9:.1f} GB of memory needed on {self.device}, {left} available"
        )


def memory_need(built: Built, whole: StepCost | None = None) -> MemoryNeed:
    """Of an experiment built on the meta device; the device may be one that is not here. `whole`
    is the cost of its global batch where that is known.

    Raises:
        whatever the loss raises on the meta device.
    """
    train = built.experiment.train
    rows = train.batch_size if train.micro_batch_size is None else train.micro_batch_size
    here = torch.cuda.is_available()
    on_gpu = train.device == "cuda" or (train.device == "auto" and here)
    device = torch.device("cuda" if on_gpu else "cpu")
    cost = whole if whole and rows == train.batch_size else step_cost(built, rows)
    return MemoryNeed(
        rows=rows,
        needed=cost.bytes_on(device, half=train.precision != "fp32") + _PROGRAM_BYTES,
        available=None if on_gpu and not here else available_bytes(device),
        device=device.type,
    )
