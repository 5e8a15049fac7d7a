"""Metric: one number about a set of samples."""

from __future__ import annotations

import abc
from typing import ClassVar

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.dataset import Dataset


@attrs.frozen(eq=False)
class MetricSite:
    """What a metric is told when it is built, beside its options."""

    dataset: Dataset
    device: torch.device


class Accumulator(abc.ABC):
    """Takes samples in pieces, gives one number."""

    @abc.abstractmethod
    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        """Take n more samples (n, *), and, where the metric asks for them, the ends of the
        teacher's ODE from the same noise (n, *)."""

    @abc.abstractmethod
    def value(self) -> float:
        """The number for all samples so far; NaN for none."""


class Metric(abc.ABC):
    """What is shared between rows (feature network, reference statistics); a row accumulates.

    Built as `Component(options, site)`.
    """

    key: ClassVar[str]  # its column in evaluation.json, with the unit where there is one
    title: ClassVar[str]  # its column in tables
    lower_is_better: ClassVar[bool] = True
    #: "endpoints" if `update` needs the ends of a fine solve of the teacher's ODE.
    requires: ClassVar[frozenset[str]] = frozenset()

    @abc.abstractmethod
    def accumulator(self) -> Accumulator:
        """A fresh accumulator for one row of the table."""

    def floor(self) -> float | None:
        """The value that the held-out data itself reaches; None where that means nothing."""
        return None

    def identity(self) -> str:
        """What the number depends on beside the samples (a hash of features and reference)."""
        return ""
