"""A path's field in EDM's coordinates: y = x_t / alpha at the noise level rho = sigma / alpha.

    dy / drho = (alpha' x_t - alpha v) / W,    D(y; rho) = (sigma v - sigma' x_t) / W,
    W = alpha' sigma - alpha sigma'

Nothing is divided by sigma, so that a solve may begin and end at the data.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Coefficients, Cond, Field, at, time_of_level


@attrs.frozen(eq=False)
class Coordinates:
    """Evaluates `field` for rows of data like `x`; levels above `sigma_max` are taken for it."""

    field: Field
    cond: Cond
    x: Tensor
    sigma_max: float

    def start(self, t: Tensor) -> Tensor:
        """y (B, *) float64 of x at t. Above sigma_max x is noise, which is scaled down to it."""
        return self.x.double() / at(self._scale(t), self.x)

    def end(self, y: Tensor, s: Tensor) -> Tensor:
        """x at s, of x's dtype."""
        return (y * at(self._scale(s), y)).to(self.x.dtype)

    def level(self, t: Tensor) -> Tensor:
        """rho(t), (B,) float64, at most sigma_max."""
        c = self._at(t)
        return c.sigma / torch.maximum(c.alpha, c.sigma / self.sigma_max)

    def derivative(self, y: Tensor, level: Tensor) -> Tensor:
        """dy / drho at y (B, *) and rho (B,)."""
        t, c = self._time(level)
        x, v = self._tangent(y, t, c)
        return (at(c.d_alpha, x) * x - at(c.alpha, x) * v) / at(_wronskian(c), x)

    def denoised(self, y: Tensor, level: Tensor) -> Tensor:
        """D(y; rho), (B, *)."""
        t, c = self._time(level)
        x, v = self._tangent(y, t, c)
        return (at(c.sigma, x) * v - at(c.d_sigma, x) * x) / at(_wronskian(c), x)

    def _tangent(self, y: Tensor, t: Tensor, c: Coefficients) -> tuple[Tensor, Tensor]:
        """x_t and v there, float64; the field computes in the precision of x."""
        x, own = at(c.alpha, y) * y, self.x.dtype
        return x, self.field.tangent(x.to(own), t.to(own), self.cond).double()

    def _time(self, level: Tensor) -> tuple[Tensor, Coefficients]:
        t = time_of_level(self.field.path, level)
        return t, self.field.path.coefficients(t)

    def _scale(self, t: Tensor) -> Tensor:
        """alpha(t), or what stands for it where rho is above sigma_max."""
        c = self._at(t)
        return torch.maximum(c.alpha, c.sigma / self.sigma_max)

    def _at(self, t: Tensor) -> Coefficients:
        return self.field.path.coefficients(t.double())


def fitted(grid: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """The grid (N + 1,), which falls to zero, laid between levels of each row: (N + 1, B).

    A row from grid[0] down to zero has the grid itself; another one has it stretched, and one
    that goes up has it backwards.
    """
    share = grid / grid[0]
    falling = end + (start - end) * share[:, None]
    rising = start + (end - start) * share.flip(0)[:, None]
    return torch.where(end <= start, falling, rising)


def _wronskian(c: Coefficients) -> Tensor:
    return c.d_alpha * c.sigma - c.alpha * c.d_sigma
