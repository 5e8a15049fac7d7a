"""ObservingMetric: a metric of what is observed of each sample, wherever that sample is drawn.

    number = reduce( observe(x_0), ..., observe(x_{n-1}) )

An evaluation shares the observing out to all processes, a block of samples at a time, and keeps
what was observed; one process reduces the blocks, in their order. So the number does not depend
on how many processes there were, nor on whether some of them were killed and started again.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.metric import Accumulator, Metric


@attrs.define(eq=False)
class SampleBlock:
    """Samples x (n, *), and the ends (n, *) of the teacher's ODE where a metric asks for them."""

    x: Tensor
    endpoints: Tensor | None = None
    _seen: tuple[Dataset, Tensor | None] | None = attrs.field(default=None, init=False)

    def pictures(self, dataset: Dataset) -> Tensor | None:
        """What `dataset.to_uint8` makes of x: once, for whoever asks."""
        if self._seen is None or self._seen[0] is not dataset:
            self._seen = dataset, dataset.to_uint8(self.x)
        return self._seen[1]


class Observation(abc.ABC):
    """A map from samples to one row each: features, probabilities of classes, an error."""

    @property
    @abc.abstractmethod
    def key(self) -> str:
        """Names the map, whatever it depends on included: equal keys are observed once."""

    @abc.abstractmethod
    def of(self, block: SampleBlock) -> Tensor:
        """(n, ...), row k of sample k alone; NaN where a sample is not finite."""


class Reduction(abc.ABC):
    """Takes what was observed of the samples, in their order; gives one number."""

    @abc.abstractmethod
    def take(self, *observed: Tensor) -> None:
        """n more rows of each observation, in their order, on the CPU."""

    @abc.abstractmethod
    def value(self) -> float:
        """The number for all samples so far; NaN for none."""

    def details(self) -> Mapping[str, Any]:
        """As `Accumulator.details`."""
        return {}


class ObservingMetric(Metric):
    """A metric whose work on a sample is a row that any process can find out."""

    @property
    @abc.abstractmethod
    def observations(self) -> tuple[Observation, ...]:
        """What it takes to know of each sample. Asking makes no reference to compare with."""

    @abc.abstractmethod
    def reduction(self) -> Reduction:
        """A fresh one for one row of the table."""

    def accumulator(self) -> Accumulator:
        """Observes and reduces in one process."""
        return _Observed(self.observations, self.reduction())


class _Observed(Accumulator):
    def __init__(self, observations: tuple[Observation, ...], reduction: Reduction) -> None:
        self._observations, self._reduction = observations, reduction

    @torch.no_grad()
    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        if len(samples):
            block = SampleBlock(samples, endpoints)
            self._reduction.take(*(one.of(block).cpu() for one in self._observations))

    def value(self) -> float:
        return self._reduction.value()

    def details(self) -> Mapping[str, Any]:
        return self._reduction.details()
