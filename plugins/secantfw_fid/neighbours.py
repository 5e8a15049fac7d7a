"""Precision, recall, density and coverage: do samples lie among the data, and data among them?

With B(y) the ball round y that reaches to its k-th neighbour among its own kind, x samples and y
training data, in a feature space:

    precision  share of x in any B(y)           recall    share of y in any B(x)
    density    mean number of B(y) round x, / k  coverage  share of y whose B(y) holds an x

(arXiv:1904.06991, 2002.09797.) Distances are taken in blocks, so memory grows with the features
that are kept and not with their pairs.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import torch
from torch import Tensor

from secantfw import MetricProtocol, MetricSite
from secantfw_fid.choose_features import feature_space
from secantfw_fid.feature_space import sha256
from secantfw_fid.options import NeighbourOptions

_BLOCK = 1024  # points on each side of a block of distances


def distance_blocks(x: Tensor, y: Tensor) -> Iterator[Tensor]:
    """||x_i - y_j|| for all j and a block of i at a time, (b, m), float64."""
    y = y.double()
    for part in torch.split(x, _BLOCK):
        columns = [torch.cdist(part.double(), other) for other in torch.split(y, _BLOCK)]
        yield torch.cat(columns, 1)


def radii(x: Tensor, k: int) -> Tensor:
    """The distance of each point to its k-th neighbour, (n,); n > k."""
    nearest = [block.kthvalue(k + 1, dim=1).values for block in distance_blocks(x, x)]
    return torch.cat(nearest)  # the nearest of all is the point itself


def inside(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    """In how many balls round y, (m,) radii, each x lies, (n,)."""
    return torch.cat([(block <= radius).sum(1) for block in distance_blocks(x, y)])


class Neighbours:
    """The four numbers for samples' features x against the training data's."""

    def __init__(self, options: NeighbourOptions, site: MetricSite) -> None:
        self._options, self._dataset, self._shared = options, site.dataset, site.shared
        self.space = feature_space(options, site)

    @property
    def _reference(self) -> tuple[Tensor, Tensor]:
        """Features of the data, and their balls' radii."""
        key = ("neighbours", self._options)
        if key not in self._shared:
            y = self.space.of_items(self._dataset, "train", self._options.reference_samples)
            self._shared[key] = y, radii(y, min(self._options.k, len(y) - 1))
        found: tuple[Tensor, Tensor] = self._shared[key]
        return found

    def precision(self, x: Tensor) -> float:
        return float((inside(x, *self._reference) > 0).double().mean())

    def density(self, x: Tensor) -> float:
        return float(inside(x, *self._reference).double().mean() / self._options.k)

    def recall(self, x: Tensor) -> float:
        y, _ = self._reference
        return float((inside(y, x, radii(x, self._options.k)) > 0).double().mean())

    def coverage(self, x: Tensor) -> float:
        y, radius = self._reference
        nearest = torch.cat([block.amin(1) for block in distance_blocks(y, x)])
        return float((nearest <= radius).double().mean())

    def held_out(self) -> Tensor | None:
        """Features of the held-out split, (n, d); None where it has too few items for a ball."""
        x = self.space.of_held_out(self._dataset)
        return x if len(x) >= self.fewest else None

    @property
    def fewest(self) -> int:
        return self._options.k + 1

    def protocol(self) -> MetricProtocol:
        y, _ = self._reference
        return attrs.evolve(
            self.space.protocol(self._dataset),
            reference=f"training split, {len(y)} items",
            reference_sha256=sha256({"features": y}),
            settings=f"k = {self._options.k}",
        )
