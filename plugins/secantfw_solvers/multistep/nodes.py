"""The path at the nodes of a grid, and a step with data and noise held fixed.

    x' = alpha' x_0 + sigma' z = a x + b v,
    a = (alpha' d_sigma - sigma' d_alpha) / W,  b = (sigma' alpha - alpha' sigma) / W,
    W = alpha d_sigma - d_alpha sigma

with x_0, z said by (x, v): DDIM (arXiv:2010.02502), of order 1. Nothing is divided by alpha or sigma,
so that it begins at the data and ends at the noise as well as the other way round.
"""  # noqa: E501

from __future__ import annotations

import attrs
from torch import Tensor

from secantfw import Path


@attrs.frozen(eq=False)
class Linear:
    """p x + q v, for tensors p, q of one shape."""

    p: Tensor
    q: Tensor


@attrs.frozen(eq=False)
class Nodes:
    """Float64 (N + 1, B): the times and what the path says of them."""

    t: Tensor
    alpha: Tensor
    sigma: Tensor
    d_alpha: Tensor
    d_sigma: Tensor

    @classmethod
    def on(cls, path: Path, times: Tensor) -> Nodes:
        """Of times (N + 1, B)."""
        c = path.coefficients(times.flatten())
        parts = (c.alpha, c.sigma, c.d_alpha, c.d_sigma)
        return cls(times, *(part.view_as(times) for part in parts))

    @property
    def w(self) -> Tensor:
        """W > 0, (N + 1, B)."""
        return self.alpha * self.d_sigma - self.d_alpha * self.sigma

    @property
    def log_snr(self) -> Tensor:
        """lambda = ln(alpha / sigma), (N + 1, B), infinite at the data and at pure noise."""
        return self.alpha.log() - self.sigma.log()

    def data(self) -> Linear:
        """x_0 given x and v, (N + 1, B)."""
        return Linear(self.d_sigma / self.w, -self.sigma / self.w)

    def noise(self) -> Linear:
        """z given x and v, (N + 1, B)."""
        return Linear(-self.d_alpha / self.w, self.alpha / self.w)

    def fixed_step(self) -> Linear:
        """a, b of the N steps, (N, B)."""
        following_alpha, following_sigma, w = self.alpha[1:], self.sigma[1:], self.w[:-1]
        return Linear(
            (following_alpha * self.d_sigma[:-1] - following_sigma * self.d_alpha[:-1]) / w,
            (following_sigma * self.alpha[:-1] - following_alpha * self.sigma[:-1]) / w,
        )
