"""frechet_infinity: the Frechet distance of infinitely many samples, extrapolated from those drawn
(`sample_curve.py`). NaN below 8,000 samples (`extrapolation.py`)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from secantfw import MetricProtocol, MetricSite, Observation, ObservingMetric, Reduction
from secantfw_fid.extrapolation import LEAST_SAMPLES, extrapolated
from secantfw_fid.frechet import Frechet
from secantfw_fid.gaussian import Gaussian
from secantfw_fid.options import FrechetOptions
from secantfw_fid.sample_curve import PARTS, SampleCurve, curve_details


class FrechetInfinity(ObservingMetric):
    """The limit; `details` has the distances it was extrapolated from, and its interval."""

    key = "frechet_distance_infinity"
    title = "Frechet distance, n to infinity"

    def __init__(self, options: FrechetOptions, site: MetricSite) -> None:
        self._frechet = Frechet(options, site)
        # Each eighth of them is a size of its own, with more samples than features.
        self.least_samples = PARTS * max(LEAST_SAMPLES, self._frechet.space.dimension + 2)

    @property
    def observations(self) -> tuple[Observation, ...]:
        return self._frechet.observations

    def reduction(self) -> Reduction:
        return FrechetInfinityReduction(self._frechet.space.dimension, self._frechet.reference)

    def protocol(self) -> MetricProtocol:
        return self._frechet.protocol()

    def identity(self) -> str:
        return self._frechet.identity()


class FrechetInfinityReduction(Reduction):
    """The curve of one row's samples."""

    def __init__(self, dimension: int, reference: Gaussian) -> None:
        self._reference = reference
        self._curve = SampleCurve(dimension)
        self._finite = True

    def take(self, *observed: Tensor) -> None:
        features, part_of = observed
        self._finite = self._finite and bool(torch.isfinite(features).all())
        if self._finite:
            self._curve.add(part_of, features)

    def details(self) -> Mapping[str, Any]:
        """Mean numbers of `samples`, the mean distance at each as `frechet_distance`, and the
        limit's 95% `interval`."""
        if not self._finite:
            return {}
        said = curve_details(self._curve.groups(self._reference))
        said.pop("limit", None)  # it is the value itself
        distances = said.pop("values")
        return {**said, "frechet_distance": distances} if distances else {}

    def value(self) -> float:
        """NaN where there are too few samples to claim a limit, and once any was not finite."""
        found = extrapolated(self._curve.groups(self._reference)) if self._finite else None
        return math.nan if found is None else found.limit
