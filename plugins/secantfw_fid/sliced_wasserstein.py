"""sliced_wasserstein: the 2-Wasserstein distance of projections, for vectors and small pictures.

    SW_2 = ( mean over directions u of integral_0^1 (F_u^-1(q) - G_u^-1(q))^2 dq )^1/2

(doi:10.1007/978-3-642-24785-9_37), F_u^-1 the quantiles of the samples' projections on the unit
vector u, G_u^-1 the data's; exact for each u also where the numbers of points differ. The data's
own numbers are projected: no features, no rounding to pixels. Projections are kept.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from secantfw import MetricProtocol, MetricSite, Reduction
from secantfw_fid.feature_space import FeatureSpace, sha256
from secantfw_fid.identity_features import IdentityFeatures
from secantfw_fid.kept_features import FeatureMetric, KeptFeatures
from secantfw_fid.options import SlicedWassersteinOptions

_Array: TypeAlias = "np.ndarray[Any, Any]"


class Projections(FeatureSpace):
    """(n, *) -> (n, projections), on random unit vectors."""

    name = "projections"

    def __init__(self, flat: IdentityFeatures, options: SlicedWassersteinOptions) -> None:
        self._flat, self.dimension = flat, options.projections
        rng = torch.Generator().manual_seed(options.seed)
        directions = torch.randn(flat.dimension, options.projections, generator=rng)
        self._directions = directions / directions.norm(dim=0)

    def mapped(self, seen: Tensor) -> Tensor:
        return torch.mm(self._flat.mapped(seen).cpu().float(), self._directions)

    def identity(self) -> str:
        return sha256({"directions": self._directions})


class SlicedWasserstein(FeatureMetric):
    """Between the samples and the training split, in the data's unit."""

    key = "sliced_wasserstein"
    title = "Sliced Wasserstein"

    def __init__(self, options: SlicedWassersteinOptions, site: MetricSite) -> None:
        self._options, self._dataset = options, site.dataset
        self.space = Projections(IdentityFeatures(site.dataset.spec), options)

    @cached_property
    def _reference(self) -> Tensor:
        return self.space.of_items(self._dataset, "train", self._options.reference_samples)

    def reduction(self) -> Reduction:
        return KeptFeatures(self._distance, fewest=1)

    def _distance(self, x: Tensor) -> float:
        return float(np.sqrt(squared_distances(x.numpy(), self._reference.numpy()).mean()))

    def protocol(self) -> MetricProtocol:
        return MetricProtocol(
            features=self.space.name,
            features_sha256=self.space.identity(),
            reference=f"training split, {len(self._reference)} items",
            reference_sha256=sha256({"projections": self._reference}),
        )

    def identity(self) -> str:
        return str(self.protocol())


def squared_distances(x: _Array, y: _Array) -> _Array:
    """W_2^2 of the columns of x (n, p) and y (m, p), each with equal weights: (p,).

    Quantiles are constant between the levels i/n and j/m, so the integral is a finite sum.
    """
    n, m = len(x), len(y)
    levels = np.unique(np.concatenate([np.arange(n + 1) * m, np.arange(m + 1) * n]))
    middle, width = (levels[:-1] + levels[1:]) / 2, np.diff(levels) / (n * m)
    first = np.sort(x.astype(np.float64), axis=0)[(middle // m).astype(np.int64)]
    second = np.sort(y.astype(np.float64), axis=0)[(middle // n).astype(np.int64)]
    squares: _Array = width @ (first - second) ** 2
    return squares
