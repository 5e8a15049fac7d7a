"""Metrics of features alone, which are all kept and compared with the data's at the end.

Memory is a vector per sample, never a picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from secantfw import Observation, ObservingMetric, Reduction
from secantfw_fid.feature_space import FeatureSpace


class FeatureMetric(ObservingMetric):
    """A metric of each sample's features in `space` and nothing else."""

    space: FeatureSpace

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (self.space,)


class KeptFeatures(Reduction):
    """`compare(features (n, d)) -> number` once all samples are there."""

    def __init__(self, compare: Callable[[Tensor], float], fewest: int) -> None:
        self._compare, self._fewest = compare, fewest
        self._parts: list[Tensor] = []
        self._finite = True

    def take(self, *observed: Tensor) -> None:
        (features,) = observed
        self._finite = self._finite and bool(torch.isfinite(features).all())
        if self._finite:
            self._parts.append(features.to(torch.float32).clone())

    def value(self) -> float:
        """NaN for fewer than `fewest` samples, and once any sample was not finite."""
        if not self._finite or sum(map(len, self._parts)) < self._fewest:
            return math.nan
        self._parts = [torch.cat(self._parts)]
        return self._compare(self._parts[0])
