"""frechet_infinity: what the Frechet distance would be of infinitely many samples.

    FID(n) = FID_inf + c / n + ...           (arXiv:1911.07023)

The samples are shared out to 8 parts in turn; the distance of each part, of parts two by two,
four by four and of all gives the mean distance at n/8, n/4, n/2 and n samples, and a straight line
in 1/n through these the limit. Sums only: memory does not grow with the samples. Sizes of no more
samples than features are left out: there the covariance is singular and the law another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import torch
from torch import Tensor

from secantfw import Accumulator, Metric, MetricProtocol, MetricSite
from secantfw_fid.feature_space import FeatureSpace
from secantfw_fid.frechet import Frechet
from secantfw_fid.gaussian import Gaussian, RunningGaussian, frechet_distance
from secantfw_fid.options import FrechetOptions

PARTS = 8


class FrechetInfinity(Metric):
    """The limit; `details` has the distances it was extrapolated from."""

    key = "frechet_distance_infinity"
    title = "Frechet distance, n to infinity"

    def __init__(self, options: FrechetOptions, site: MetricSite) -> None:
        self._frechet = Frechet(options, site)

    def accumulator(self) -> Accumulator:
        return FrechetInfinityAccumulator(self._frechet.space, self._frechet.reference)

    def protocol(self) -> MetricProtocol:
        return self._frechet.protocol()

    def identity(self) -> str:
        return self._frechet.identity()


class FrechetInfinityAccumulator(Accumulator):
    """Sums of features of each part."""

    def __init__(self, space: FeatureSpace, reference: Gaussian) -> None:
        self._space, self._reference = space, reference
        self._parts = [RunningGaussian(space.dimension) for _ in range(PARTS)]
        self._count, self._finite = 0, True

    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        # Rounded to uint8 a NaN would look like a grey level and be forgiven.
        self._finite = self._finite and bool(torch.isfinite(samples).all())
        if not self._finite or not len(samples):
            return
        features = self._space.of(samples)
        for part in range(PARTS):
            self._parts[part].add(features[(part - self._count) % PARTS :: PARTS])
        self._count += len(samples)

    def details(self) -> Mapping[str, Any]:
        """Mean numbers of samples, and the mean distance at each."""
        curve = self._curve()
        return {"samples": list(curve), "frechet_distance": list(curve.values())} if curve else {}

    def value(self) -> float:
        """NaN where there are too few samples for two sizes, and once any was not finite."""
        curve = self._curve()
        if len(curve) < 2 or not self._finite:
            return math.nan
        inverse = 1 / np.fromiter(curve, float)
        return float(np.polyfit(inverse, list(curve.values()), 1)[-1])

    def _curve(self) -> dict[float, float]:
        return {
            self._count * size / PARTS: self._mean_distance(size)
            for size in (1, 2, 4, 8)
            if self._count * size // PARTS > self._space.dimension + 1
        }

    def _mean_distance(self, size: int) -> float:
        """The mean over groups of `size` parts."""
        groups = [self._parts[i : i + size] for i in range(0, PARTS, size)]
        gaussians = [reduce(RunningGaussian.plus, group).gaussian() for group in groups]
        distances = [frechet_distance(g, self._reference) for g in gaussians if g is not None]
        return sum(distances) / len(distances)
