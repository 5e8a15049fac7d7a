"""precision, recall, density, coverage: the metrics; `neighbours.py` has the formulas."""

from __future__ import annotations

from secantfw import Accumulator, Metric, MetricProtocol, MetricSite
from secantfw_fid.kept_features import KeptFeatures
from secantfw_fid.neighbours import Neighbours
from secantfw_fid.options import NeighbourOptions


class Precision(Metric):
    """Share of the samples that lie among the data."""

    key = "precision"
    title = "Precision"
    lower_is_better = False

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._neighbours = Neighbours(options, site)

    def accumulator(self) -> Accumulator:
        n = self._neighbours
        return KeptFeatures(n.space, n.precision, n.fewest)

    def protocol(self) -> MetricProtocol:
        return self._neighbours.protocol()

    def identity(self) -> str:
        return str(self.protocol())


class Recall(Metric):
    """Share of the data that lie among the samples."""

    key = "recall"
    title = "Recall"
    lower_is_better = False

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._neighbours = Neighbours(options, site)

    def accumulator(self) -> Accumulator:
        n = self._neighbours
        return KeptFeatures(n.space, n.recall, n.fewest)

    def protocol(self) -> MetricProtocol:
        return self._neighbours.protocol()

    def identity(self) -> str:
        return str(self.protocol())


class Density(Metric):
    """How many of the data's balls a sample lies in, over k; outliers spoil it less."""

    key = "density"
    title = "Density"
    lower_is_better = False

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._neighbours = Neighbours(options, site)

    def accumulator(self) -> Accumulator:
        n = self._neighbours
        return KeptFeatures(n.space, n.density, n.fewest)

    def protocol(self) -> MetricProtocol:
        return self._neighbours.protocol()

    def identity(self) -> str:
        return str(self.protocol())


class Coverage(Metric):
    """Share of the data that have a sample near: outliers spoil it less."""

    key = "coverage"
    title = "Coverage"
    lower_is_better = False

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._neighbours = Neighbours(options, site)

    def accumulator(self) -> Accumulator:
        n = self._neighbours
        return KeptFeatures(n.space, n.coverage, n.fewest)

    def protocol(self) -> MetricProtocol:
        return self._neighbours.protocol()

    def identity(self) -> str:
        return str(self.protocol())
