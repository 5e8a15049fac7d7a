"""How much memory a training step needs on the device of its run, and how much there is."""

from __future__ import annotations

import attrs
import torch

from secantfw.assembly.build import Built
from secantfw.errors import Problem
from secantfw.experiment.experiment import Experiment
from secantfw.experiment.schema import Train
from secantfw.forecast.cost import StepCost, step_cost
from secantfw.options import option_info
from secantfw.runtime.devices import accelerator, is_accelerator
from secantfw.runtime.memory import available_bytes

#: The interpreter with torch and its work space, beside what a step keeps (measured with B/2).
PROGRAM_BYTES = 800_000_000


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


def memory_problem(need: MemoryNeed, experiment: Experiment) -> Problem | None:
    """What `check` and `run` say of a step that does not fit; None where it may."""
    if not need.lacking:
        return None
    mend = cure(experiment, need.rows)
    what = f"a step of {need.rows} rows: {need}; {mend}; `run --force` tries it all the same"
    micro = experiment.train.micro_batch_size
    return Problem(what, key="train.batch_size" if micro is None else "train.micro_batch_size")


def cure(experiment: Experiment, rows: int) -> str:
    """What would make a step of `rows` rows smaller, of what is not done yet."""
    found = ["lower train.batch_size or train.micro_batch_size"] if rows > 1 else []
    options = experiment.backbone.options
    for field in attrs.fields(type(options)):
        if option_info(field).saves_memory and not getattr(options, field.name):
            found.append(f"set backbone.{field.name} = true")
    return ", or ".join(found) or "take a smaller network"


def rows_at_once(train: Train, rows: int) -> int:
    """How many of its `rows` a process puts through forward and backward at once."""
    return rows if train.micro_batch_size is None else min(rows, train.micro_batch_size)


def memory_need(
    built: Built, whole: StepCost | None = None, rows: int | None = None
) -> MemoryNeed:
    """Of an experiment built on the meta device; the device may be one that is not here. `whole`
    is the cost of its global batch where that is known; `rows` those taken at once, by default
    those of a single process.

    Raises:
        whatever the loss raises on the meta device.
    """
    train = built.experiment.train
    rows = rows_at_once(train, train.batch_size) if rows is None else rows
    here, on_gpu = accelerator(), is_accelerator(train.device)
    # What it needs of an accelerator that is not here is counted as of a CUDA device.
    device = (here or torch.device("cuda")) if on_gpu else torch.device("cpu")
    cost = whole if whole and rows == train.batch_size else step_cost(built, rows)
    return MemoryNeed(
        rows=rows,
        needed=cost.bytes_on(device, half=train.precision != "fp32") + PROGRAM_BYTES,
        available=None if on_gpu and not here else available_bytes(device),
        device=device.type,
    )
