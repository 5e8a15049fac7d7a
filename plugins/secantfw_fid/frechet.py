"""frechet: the Frechet distance between features of samples and of the training data.

With features = 'inception' this is the FID. Samples are accumulated as sums in float64, so any
number of them takes the same memory. Of fewer than 10,000 samples it is visibly too large, by
about c / n: `details` then has it at n/8, n/4, n/2 and n and, from 8,000 on, at the limit of
infinitely many.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw import (
    MetricProtocol,
    MetricSite,
    Observation,
    ObservingMetric,
    Reduction,
    UserError,
)
from secantfw_fid.choose_features import feature_space
from secantfw_fid.feature_options import Resize
from secantfw_fid.feature_space import CHUNK, sha256
from secantfw_fid.gaussian import Gaussian, RunningGaussian, frechet_distance
from secantfw_fid.options import FrechetOptions
from secantfw_fid.sample_curve import PARTS, Part, SampleCurve, curve_details

#: From here on the finite number of samples is the smaller of one's worries.
_MANY = 10_000
#: A distance takes seconds with more features than this: one group of each size is then enough.
_CHEAP_DIMENSION = 512


class Frechet(ObservingMetric):
    """Between the samples' features and those of the data set's training split."""

    key = "frechet_distance"
    title = "Frechet distance"

    def __init__(self, options: FrechetOptions, site: MetricSite) -> None:
        self._options, self._dataset, self._shared = options, site.dataset, site.shared
        resize: Resize = "clean" if options.statistics is None else "tensorflow"
        self.space = feature_space(options, site, resize)
        self._published = _published_reference(options)

    @property
    def reference(self) -> Gaussian:
        """What samples are compared with; made once for all metrics that name the same."""
        if self._published is not None:
            return self._published
        key = ("frechet reference", self._options)
        if key not in self._shared:
            self._shared[key] = self._found_reference()
        found: Gaussian = self._shared[key]
        return found

    def _found_reference(self) -> Gaussian:
        found = self.space.stored_reference(self._dataset)
        found = found or self.space.of_train(self._dataset)
        if found is None:
            raise UserError("metric frechet: the training split has fewer than two items")
        return found

    @property
    def observations(self) -> tuple[Observation, ...]:
        return self.space, Part()

    def reduction(self) -> Reduction:
        return FrechetReduction(self.space.dimension, self.reference)

    def floor(self) -> float | None:
        """Held-out split against the reference; None against statistics by path, which say
        nothing of these data and are given to spare one the features of a data set."""
        if self._options.statistics is not None:
            return None
        running = RunningGaussian(self.space.dimension)
        for part in torch.split(self.space.of_held_out(self._dataset), CHUNK):
            running.add(part)
        held_out = running.gaussian()
        return None if held_out is None else frechet_distance(held_out, self.reference)

    def protocol(self) -> MetricProtocol:
        o, size = self._options, self._dataset.size("train")
        reference = f"training split, {size} items" if o.reference == "dataset" else o.reference
        return attrs.evolve(
            self.space.protocol(self._dataset),
            reference=reference if o.statistics is None else Path(o.statistics).name,
            reference_sha256=self._reference_sha256(),
        )

    def _reference_sha256(self) -> str:
        return sha256({"mean": self.reference.mean, "covariance": self.reference.covariance})

    def identity(self) -> str:
        """SHA-256 of the feature space and of the reference."""
        text = f"{self.space.identity()} {self._reference_sha256()}"
        return hashlib.sha256(text.encode()).hexdigest()


class FrechetReduction(Reduction):
    """Sums of features of one row's samples."""

    def __init__(self, dimension: int, reference: Gaussian) -> None:
        self._dimension, self._reference = dimension, reference
        self._running, self._count = RunningGaussian(dimension), 0
        self._curve: SampleCurve | None = SampleCurve(dimension)
        self._finite = True

    def take(self, *observed: Tensor) -> None:
        features, part_of = observed
        self._finite = self._finite and bool(torch.isfinite(features).all())
        if not self._finite:
            return
        self._running.add(features)
        self._count += len(features)
        if self._count >= _MANY:
            self._curve = None
        elif self._curve is not None:
            self._curve.add(part_of, features)

    def details(self) -> Mapping[str, Any]:
        """The bias of few samples; nothing of many, and of too few to see it."""
        if self._curve is None or not self._finite:
            return {}
        groups = PARTS if self._dimension <= _CHEAP_DIMENSION else 1
        found = self._curve.groups(self._reference, groups)
        return {"finite_samples": curve_details(found)} if len(found) > 1 else {}

    def value(self) -> float:
        """NaN for fewer than two samples, and once any sample was not finite."""
        found = self._running.gaussian()
        if found is None or not self._finite:
            return math.nan
        return frechet_distance(found, self._reference)


def _published_reference(options: FrechetOptions) -> Gaussian | None:
    if options.reference == "dataset" and options.statistics is None:
        return None
    from secantfw_fid.inception_features import cleanfid_reference, statistics_of

    if options.statistics is not None:
        return statistics_of(Path(options.statistics))
    return cleanfid_reference(options.reference)
