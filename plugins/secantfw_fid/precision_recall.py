"""precision, recall, density, coverage: the metrics; `neighbours.py` has the formulas."""

from __future__ import annotations

import abc

from torch import Tensor

from secantfw import MetricProtocol, MetricSite, Reduction
from secantfw_fid.kept_features import FeatureMetric, KeptFeatures
from secantfw_fid.neighbours import Neighbours
from secantfw_fid.options import NeighbourOptions


class NeighbourMetric(FeatureMetric):
    """A number of samples' features among the data's."""

    lower_is_better = False
    log_scale = False

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._neighbours = Neighbours(options, site)
        self.space = self._neighbours.space

    @abc.abstractmethod
    def _of(self, x: Tensor) -> float:
        """Features (n, d) -> the number."""

    def reduction(self) -> Reduction:
        return KeptFeatures(self._of, self._neighbours.fewest)

    def floor(self) -> float | None:
        """The held-out split's; it depends on how many items that has."""
        features = self._neighbours.held_out()
        return None if features is None else self._of(features)

    def protocol(self) -> MetricProtocol:
        return self._neighbours.protocol()

    def identity(self) -> str:
        return str(self.protocol())


class Precision(NeighbourMetric):
    """Share of the samples that lie among the data."""

    key = "precision"
    title = "Precision"

    def _of(self, x: Tensor) -> float:
        return self._neighbours.precision(x)


class Recall(NeighbourMetric):
    """Share of the data that lie among the samples."""

    key = "recall"
    title = "Recall"

    def _of(self, x: Tensor) -> float:
        return self._neighbours.recall(x)


class Density(NeighbourMetric):
    """How many of the data's balls a sample lies in, over k; outliers spoil it less."""

    key = "density"
    title = "Density"

    def _of(self, x: Tensor) -> float:
        return self._neighbours.density(x)


class Coverage(NeighbourMetric):
    """Share of the data that have a sample near: outliers spoil it less."""

    key = "coverage"
    title = "Coverage"

    def _of(self, x: Tensor) -> float:
        return self._neighbours.coverage(x)
