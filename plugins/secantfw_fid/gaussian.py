"""The Gaussian that stands for a set of features, and the Frechet distance between two of them.

    d^2 = ||m1 - m2||^2 + tr S1 + tr S2 - 2 tr (L^T S1 L)^1/2,    S2 = L L^T

(Dowson and Landau, 1982; for features of pictures arXiv:1706.08500.) L^T S1 L is symmetric and has
the eigenvalues of S1 S2, so its root's trace is the sum of the roots of its eigenvalues: no
general matrix square root, no complex numbers, defined for singular covariances too. Of n points
at most n - 1 eigenvalues are not zero; the others are rounding, whose roots would add up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import attrs
import torch
from torch import Tensor


@attrs.frozen(eq=False, slots=False)
class Gaussian:
    """`mean` (d,) and `covariance` (d, d), float64 on the CPU, of `count` points; 0: not known."""

    mean: Tensor
    covariance: Tensor
    count: int

    @property
    def most_rank(self) -> int:
        """What the rank of the covariance cannot exceed."""
        d = len(self.mean)
        return min(d, self.count - 1) if self.count else d

    @cached_property
    def factor(self) -> Tensor:
        """L (d, d) with L L^T the covariance: Cholesky's, or of a singular one its root."""
        found: tuple[Tensor, Tensor] = torch.linalg.cholesky_ex(self.covariance)
        if not found[1]:
            return found[0]
        values, vectors = torch.linalg.eigh(self.covariance)
        root: Tensor = vectors * values.clamp_min(0).sqrt()
        return root


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
    """d^2 as above. Never negative: rounding below zero is cut off. `b.factor` is kept, so that
    the reference goes there."""
    product = b.factor.T @ a.covariance @ b.factor
    values = torch.linalg.eigvalsh(product).clamp_min(0)
    between = values[-min(a.most_rank, b.most_rank) :].sqrt().sum()  # they ascend
    spread = a.covariance.trace() + b.covariance.trace() - 2 * between
    return max(0.0, float((a.mean - b.mean).square().sum() + spread))
