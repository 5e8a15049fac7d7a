"""energy_distance: 2 E|x - y| - E|x - x'| - E|y - y'| of samples x and data y.

(Szekely and Rizzo, doi:10.1016/j.jspi.2013.03.018.) Of the data's own numbers, without features:
for low dimensions. Zero for equal sets and never below; of n samples of the data's own law about
E|x - x'| / n. Distances are taken in blocks, so memory grows with the samples, not their pairs.
"""

from __future__ import annotations

from functools import cached_property

from torch import Tensor

from secantfw import MetricProtocol, MetricSite, Reduction
from secantfw_fid.feature_space import sha256
from secantfw_fid.identity_features import IdentityFeatures
from secantfw_fid.kept_features import FeatureMetric, KeptFeatures
from secantfw_fid.neighbours import distance_blocks
from secantfw_fid.options import EnergyDistanceOptions


class EnergyDistance(FeatureMetric):
    """Between the samples and the training split, in the data's unit."""

    key = "energy_distance"
    title = "Energy distance"

    def __init__(self, options: EnergyDistanceOptions, site: MetricSite) -> None:
        self._options, self._dataset = options, site.dataset
        self.space = IdentityFeatures(site.dataset.spec)

    @cached_property
    def _reference(self) -> Tensor:
        return self.space.of_items(self._dataset, "train", self._options.reference_samples).float()

    @cached_property
    def _within_reference(self) -> float:
        return mean_distance(self._reference, self._reference)

    def reduction(self) -> Reduction:
        return KeptFeatures(self._distance, fewest=1)

    def _distance(self, x: Tensor) -> float:
        between = mean_distance(x, self._reference)
        return max(0.0, 2 * between - mean_distance(x, x) - self._within_reference)

    def protocol(self) -> MetricProtocol:
        return MetricProtocol(
            features=self.space.name,
            reference=f"training split, {len(self._reference)} items",
            reference_sha256=sha256({"items": self._reference}),
        )

    def identity(self) -> str:
        return str(self.protocol())


def mean_distance(x: Tensor, y: Tensor) -> float:
    """E|x_i - y_j| over all pairs."""
    return float(sum(block.sum() for block in distance_blocks(x, y)) / (len(x) * len(y)))
