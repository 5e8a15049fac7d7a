"""kernel_distance: the KID, arXiv:1801.01401, by clean-fid's own function.

    MMD^2 with the kernel k(a, b) = (a . b / d + 1)^3, unbiased, the mean over random subsets

With features = 'inception' this is the KID as clean-fid has it. Features are kept, d floats a
sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property

import attrs
import numpy as np
from torch import Tensor

from secantfw import MetricProtocol, MetricSite, Reduction
from secantfw_fid.choose_features import feature_space
from secantfw_fid.feature_space import sha256
from secantfw_fid.kept_features import FeatureMetric, KeptFeatures
from secantfw_fid.options import KernelDistanceOptions


class KernelDistance(FeatureMetric):
    """Between the samples' features and those of the training split; it may be below zero."""

    key = "kernel_distance"
    title = "Kernel distance"

    def __init__(self, options: KernelDistanceOptions, site: MetricSite) -> None:
        self._options, self._dataset = options, site.dataset
        self.space = feature_space(options, site)

    @cached_property
    def _reference(self) -> Tensor:
        return self.space.of_items(self._dataset, "train", self._options.reference_samples)

    def reduction(self) -> Reduction:
        return KeptFeatures(self._distance, fewest=2)

    def protocol(self) -> MetricProtocol:
        o = self._options
        return attrs.evolve(
            self.space.protocol(self._dataset),
            reference=f"training split, {len(self._reference)} items",
            reference_sha256=sha256({"features": self._reference}),
            settings=f"{o.subsets} subsets of {o.subset_size}, seed {o.seed}",
        )

    def identity(self) -> str:
        return str(self.protocol())

    def _distance(self, features: Tensor) -> float:
        from cleanfid.fid import kernel_distance

        o = self._options
        with _seeded(o.seed):
            return float(
                kernel_distance(
                    self._reference.numpy(),
                    features.numpy(),
                    num_subsets=o.subsets,
                    max_subset_size=o.subset_size,
                )
            )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """clean-fid draws from numpy's global generator, which is put back."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
