"""frechet: the Frechet distance between features of samples and of the training data.

With features = 'inception' this is the FID. Samples are accumulated as sums in float64, so any
number of them takes the same memory.
"""

from __future__ import annotations

import hashlib
import math
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from secantfw import Accumulator, Metric, MetricSite, UserError
from secantfw_fid.feature_space import FeatureSpace, sha256
from secantfw_fid.gaussian import Gaussian, RunningGaussian, frechet_distance
from secantfw_fid.options import FrechetOptions


class Frechet(Metric):
    """Between the samples' features and those of the data set's training split."""

    key = "frechet_distance"
    title = "Frechet distance"

    def __init__(self, options: FrechetOptions, site: MetricSite) -> None:
        self._dataset = site.dataset
        self._space = feature_space(options, site)
        self._published = _published_reference(options)

    @cached_property
    def _reference(self) -> Gaussian:
        found = self._published or self._space.stored_reference(self._dataset)
        found = found or self._space.of_split(self._dataset, "train")
        if found is None:
            raise UserError("metric frechet: the training split has fewer than two items")
        return found

    def accumulator(self) -> Accumulator:
        return FrechetAccumulator(self._space, self._reference)

    def floor(self) -> float | None:
        """Held-out split against the reference."""
        held_out = self._space.of_split(self._dataset, "test")
        return None if held_out is None else frechet_distance(held_out, self._reference)

    def identity(self) -> str:
        """SHA-256 of the feature space and of the reference."""
        reference = {"mean": self._reference.mean, "covariance": self._reference.covariance}
        text = f"{self._space.identity()} {sha256(reference)}"
        return hashlib.sha256(text.encode()).hexdigest()


class FrechetAccumulator(Accumulator):
    """Sums of features of one row's samples."""

    def __init__(self, space: FeatureSpace, reference: Gaussian) -> None:
        self._space, self._reference = space, reference
        self._running = RunningGaussian(space.dimension)
        self._finite = True

    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        # Rounded to uint8 a NaN would look like a grey level and be forgiven.
        self._finite = self._finite and bool(torch.isfinite(samples).all())
        if self._finite:
            self._space.add(samples, self._running)

    def value(self) -> float:
        """NaN for fewer than two samples, and once any sample was not finite."""
        found = self._running.gaussian()
        if found is None or not self._finite:
            return math.nan
        return frechet_distance(found, self._reference)


def feature_space(options: FrechetOptions, site: MetricSite) -> FeatureSpace:
    """The feature space that the options name; each is imported only when it is used."""
    shape = site.dataset.spec.shape
    if options.features == "identity" or (options.features == "auto" and len(shape) == 1):
        from secantfw_fid.identity_features import IdentityFeatures

        return IdentityFeatures(site.dataset.spec)
    if options.features == "fashion16" or (options.features == "auto" and shape == (1, 16, 16)):
        from secantfw_fid.fashion16_features import Fashion16Features

        return Fashion16Features(site.dataset, site.device)
    from secantfw_fid.inception_features import InceptionFeatures

    resize = options.resize or ("clean" if options.statistics is None else "tensorflow")
    return InceptionFeatures(site.dataset, site.device, options.weights, resize)


def _published_reference(options: FrechetOptions) -> Gaussian | None:
    if options.reference == "dataset" and options.statistics is None:
        return None
    from secantfw_fid.inception_features import cleanfid_reference, statistics_of

    if options.statistics is not None:
        return statistics_of(Path(options.statistics))
    return cleanfid_reference(options.reference)
