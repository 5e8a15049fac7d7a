"""Metric: one number about samples. NetworkMetric: a measurement of the network itself."""

from __future__ import annotations

import abc
from collections.abc import Callable, Hashable, Mapping
from typing import Any, ClassVar

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.dataset import Dataset


@attrs.frozen(eq=False)
class MetricSite:
    """What a metric is told when it is built, beside its options."""

    dataset: Dataset
    device: torch.device
    #: What metrics of one evaluation share (a feature network), each under a key of its own.
    shared: dict[Hashable, Any] = attrs.field(factory=dict)


@attrs.frozen
class MetricProtocol:
    """What a metric's number depends on beside the samples; "" where a field means nothing.

    Two numbers are comparable where their protocols are equal.
    """

    features: str = ""  # the feature network, by name
    features_sha256: str = ""
    reference: str = ""  # what the samples are compared with
    reference_sha256: str = ""
    pixels: str = ""  # how samples become uint8 pictures
    decoder: str = ""  # the autoencoder that decoded latents
    resize: str = ""  # how pictures become the feature network's size
    settings: str = ""  # the metric's options that change its number


class Accumulator(abc.ABC):
    """Takes samples in pieces, gives one number."""

    @abc.abstractmethod
    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        """Take n more samples (n, *), and, where the metric asks for them, the ends of the
        teacher's ODE from the same noise (n, *)."""

    @abc.abstractmethod
    def value(self) -> float:
        """The number for all samples so far; NaN for none."""

    def details(self) -> Mapping[str, Any]:
        """What else there is to say of that number, as JSON values; kept with the row.

        A plug-in's `secantfw_report_sections` may show them.
        """
        return {}


class Metric(abc.ABC):
    """What is shared between rows (feature network, reference statistics); a row accumulates.

    Built as `Component(options, site)`.
    """

    key: ClassVar[str]  # its column in evaluation.json, with the unit where there is one
    title: ClassVar[str]  # its column in tables
    unit: ClassVar[str] = ""
    lower_is_better: ClassVar[bool] = True
    #: Whether differences of its values are ratios, so that a logarithmic axis suits them.
    log_scale: ClassVar[bool] = True
    #: "endpoints" if `update` needs the ends of a fine solve of the teacher's ODE.
    requires: ClassVar[frozenset[str]] = frozenset()
    #: Of fewer samples the value is NaN. May depend on the options.
    least_samples: int = 1

    @abc.abstractmethod
    def accumulator(self) -> Accumulator:
        """A fresh accumulator for one row of the table."""

    def floor(self) -> float | None:
        """The value that the held-out data itself reaches; None where that means nothing."""
        return None

    def identity(self) -> str:
        """What the number depends on beside the samples (a hash of features and reference)."""
        return ""

    def protocol(self) -> MetricProtocol:
        """What the number depends on, said so that a reader can compare two."""
        return MetricProtocol(settings=self.identity())


@attrs.frozen(eq=False)
class SecantPair:
    """Secants (n, *) at the same points: the network's, and those of its teacher's ODE."""

    found: Tensor
    true: Tensor


#: (t (n,), s (n,)) on the CPU -> both secants at n points x_t of the path through the data.
SecantPairs = Callable[[Tensor, Tensor], SecantPair]


class NetworkMetric(abc.ABC):
    """A measurement of the student's secants, not of samples. Built as `Component(options, site)`.

    It is taken once for each guidance scale, and stands in the student's first row.
    """

    key: ClassVar[str]  # its name in evaluation.json, where it is no column
    title: ClassVar[str]

    @abc.abstractmethod
    def measure(self, pairs: SecantPairs) -> Mapping[str, Any]:
        """The measurement, as JSON values."""

    def protocol(self) -> MetricProtocol:
        """What it depends on beside the network."""
        return MetricProtocol()


AnyMetric = Metric | NetworkMetric
