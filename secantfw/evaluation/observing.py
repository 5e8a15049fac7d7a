"""What metrics observe of a block of samples, each thing once, and how it comes to their numbers.

A block holds a tensor for each observation, by its key, and for metrics that take the samples
themselves "samples" (n, *) and, where they compare, "ends" (n, *).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from secantfw.interfaces.metric import Accumulator, Metric
from secantfw.interfaces.observing_metric import (
    Observation,
    ObservingMetric,
    Reduction,
    SampleBlock,
)

Block = dict[str, Tensor]


def wanted_of(metrics: Sequence[Metric]) -> set[str]:
    """The names in a block from which all the metrics can be had."""
    samples = {"samples"} if _takes_samples(metrics) else set()
    return {*_observations(metrics), *samples}


@torch.no_grad()
def observed(metrics: Sequence[Metric], x: Tensor, ends: Tensor | None, size: int) -> Block:
    """The block of samples x (n, *), `size` of them at a time; on the CPU.

    Args:
        ends: of the teacher's ODE (n, *), where a metric compares.
    """
    wanted, parts = _observations(metrics), []
    for first in range(0, len(x), size):
        piece = slice(first, first + size)
        theirs = None if ends is None else ends[piece].to(x.device)
        block = SampleBlock(x[piece], theirs)
        parts.append({key: one.of(block).cpu() for key, one in wanted.items()})
    found = {key: torch.cat([part[key] for part in parts]) for key in wanted}
    if _takes_samples(metrics):
        found["samples"] = x.cpu()
        found |= {} if ends is None else {"ends": ends.cpu()}
    return found


class Tally:
    """One metric's number of the blocks of a row, which come in their order."""

    def __init__(self, metric: Metric, size: int, device: torch.device) -> None:
        """`size`: samples that a metric takes at once, if it takes samples; on `device`."""
        self._metric, self._size, self._device = metric, size, device
        self._row: Reduction | Accumulator = (
            metric.reduction() if isinstance(metric, ObservingMetric) else metric.accumulator()
        )

    def take(self, block: Mapping[str, Tensor]) -> None:
        if isinstance(self._row, Reduction):
            assert isinstance(self._metric, ObservingMetric)
            self._row.take(*(block[one.key] for one in self._metric.observations))
            return
        for first in range(0, len(block["samples"]), self._size):
            piece = slice(first, first + self._size)
            compares = "endpoints" in self._metric.requires
            ends = block["ends"][piece].to(self._device) if compares else None
            self._row.update(block["samples"][piece].to(self._device), ends)

    def value(self) -> float:
        return self._row.value()

    def details(self) -> dict[str, Any]:
        return dict(self._row.details())


def _observations(metrics: Sequence[Metric]) -> dict[str, Observation]:
    """By key: of two metrics that observe the same, once."""
    observing = [metric for metric in metrics if isinstance(metric, ObservingMetric)]
    return {one.key: one for metric in observing for one in metric.observations}


def _takes_samples(metrics: Sequence[Metric]) -> bool:
    return any(not isinstance(metric, ObservingMetric) for metric in metrics)
