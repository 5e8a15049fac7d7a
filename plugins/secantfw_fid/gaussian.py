"""The Gaussian that stands for a set of features, and the Frechet distance between two of them.

    d^2 = ||m1 - m2||^2 + tr S1 + tr S2 - 2 tr (S1^1/2 S2 S1^1/2)^1/2

(Dowson and Landau, 1982; for features of pictures arXiv:1706.08500.) S1^1/2 S2 S1^1/2 is
symmetric, so its root's trace is the sum of the roots of its eigenvalues: no general matrix square
root, no complex numbers, defined for singular covariances too.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor


@attrs.frozen(eq=False)
class Gaussian:
    """`mean` (d,) and `covariance` (d, d), float64 on the CPU, of `count` points."""

    mean: Tensor
    covariance: Tensor
    count: int


class RunningGaussian:
    """Mean and covariance of a stream, from sum x and sum x x^T alone, in float64 on the CPU."""

    def __init__(self, dimension: int) -> None:
        self._count = 0
        self._sum = torch.zeros(dimension, dtype=torch.float64)
        self._outer = torch.zeros(dimension, dimension, dtype=torch.float64)

    def add(self, features: Tensor) -> None:
        """Take n more points, (n, d)."""
        points = features.detach().to("cpu", torch.float64)
        self._count += len(points)
        self._sum += points.sum(0)
        self._outer += points.T @ points

    def plus(self, other: RunningGaussian) -> RunningGaussian:
        """The points of both."""
        both = RunningGaussian(len(self._sum))
        both._count = self._count + other._count
        both._sum, both._outer = self._sum + other._sum, self._outer + other._outer
        return both

    def covariance(self) -> Tensor:
        """Unbiased, (d, d): divided by n - 1, as numpy.cov and clean-fid do."""
        centred = self._outer - torch.outer(self._sum, self._sum) / self._count
        return centred / (self._count - 1)

    def gaussian(self) -> Gaussian | None:
        """What the points so far look like; None for fewer than two."""
        if self._count < 2:
            return None
        return Gaussian(self._sum / self._count, self.covariance(), self._count)

    def tensors(self) -> Mapping[str, Tensor]:
        """As `from_tensors` takes them."""
        count = torch.tensor(self._count, dtype=torch.int64)
        return {"mean": self._sum / self._count, "covariance": self.covariance(), "count": count}


def from_tensors(tensors: Mapping[str, Tensor]) -> Gaussian:
    """The Gaussian that `RunningGaussian.tensors` described."""
    return Gaussian(tensors["mean"], tensors["covariance"], int(tensors["count"]))


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """d^2 as above. Never negative: rounding below zero is cut off."""
    values, vectors = torch.linalg.eigh(a.covariance)
    root = (vectors * values.clamp_min(0).sqrt()) @ vectors.T
    between = torch.linalg.eigvalsh(root @ b.covariance @ root).clamp_min(0).sqrt().sum()
    spread = a.covariance.trace() + b.covariance.trace() - 2 * between
    return max(0.0, float((a.mean - b.mean).square().sum() + spread))
