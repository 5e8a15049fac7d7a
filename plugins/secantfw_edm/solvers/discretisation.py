"""N noise levels from high to low, and a last one of zero (arXiv:2206.00364, table 1).

edm     (sigma_max^(1/rho) + i/(N-1) (sigma_min^(1/rho) - sigma_max^(1/rho)))^rho
ve      sigma_max (sigma_min / sigma_max)^(i/(N-1))
vp      sqrt(exp(beta_d u^2 / 2 + beta_min u) - 1),  u from 1 to epsilon in equal steps
iddpm   every k-th of the levels u_j inside the range
"""

from __future__ import annotations

import functools
import math

import attrs
import torch
from torch import Tensor

from secantfw import UserError
from secantfw_edm.options import Discretisation

_M, _C_1, _C_2 = 1000, 0.001, 0.008


@attrs.frozen
class VPSchedule:
    """sigma(u)^2 = exp(beta_d u^2 / 2 + beta_min u) - 1."""

    beta_d: float = 19.9
    beta_min: float = 0.1

    @classmethod
    def through(cls, sigma_min: float, sigma_max: float, epsilon: float) -> VPSchedule:
        """The one with sigma(epsilon) = sigma_min and sigma(1) = sigma_max."""
        low, high = math.log(sigma_min**2 + 1), math.log(sigma_max**2 + 1)
        beta_d = 2 * (low / epsilon - high) / (epsilon - 1)
        return cls(beta_d, high - 0.5 * beta_d)

    def sigma(self, u: Tensor) -> Tensor:
        return (0.5 * self.beta_d * u**2 + self.beta_min * u).expm1().sqrt()

    def derivative(self, u: Tensor) -> Tensor:
        """d sigma / du."""
        sigma = self.sigma(u)
        return 0.5 * (self.beta_min + self.beta_d * u) * (sigma + 1 / sigma)

    def inverse(self, sigma: Tensor) -> Tensor:
        root = (self.beta_min**2 + 2 * self.beta_d * (sigma**2).log1p()).sqrt()
        return (root - self.beta_min) / self.beta_d


def levels(
    law: Discretisation, steps: int, sigma_min: float, sigma_max: float, rho: float, epsilon: float
) -> Tensor:
    """The levels of N steps, (N + 1,) float64, falling from sigma_max to zero.

    Raises:
        ValueError: fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    share = torch.arange(steps, dtype=torch.float64) / max(steps - 1, 1)
    if law == "edm":
        high, low = sigma_max ** (1 / rho), sigma_min ** (1 / rho)
        found = (high + share * (low - high)) ** rho
    elif law == "ve":
        found = (sigma_max**2 * (sigma_min**2 / sigma_max**2) ** share).sqrt()
    elif law == "vp":
        schedule = VPSchedule.through(sigma_min, sigma_max, epsilon)
        found = schedule.sigma(1 + share * (epsilon - 1))
    else:
        inside = [u for u in iddpm_levels().tolist() if sigma_min <= u <= sigma_max]
        if not inside:
            raise UserError(f"no level of iDDPM lies between {sigma_min} and {sigma_max}")
        index = ((len(inside) - 1) * share).round().long()
        found = torch.tensor(inside, dtype=torch.float64)[index]
    return torch.cat((found, found.new_zeros(1)))


def rounded(levels: Tensor) -> Tensor:
    """The nearest of iDDPM's levels, as float32 numbers, which is what its networks know."""
    known = iddpm_levels().float().to(levels.dtype)
    index = (levels.float()[:, None] - known.float()).abs().argmin(1)
    return known[index]


@functools.cache
def iddpm_levels() -> Tensor:
    """u_0 > ... > u_1000 = 0, (1001,) float64."""
    j = torch.arange(_M + 1, dtype=torch.float64)
    abar = (0.5 * math.pi * j / _M / (_C_2 + 1)).sin() ** 2
    ratio = (abar[:-1] / abar[1:]).clip(min=_C_1).tolist()
    u = [0.0]
    for step in reversed(ratio):
        u.append(math.sqrt((u[-1] ** 2 + 1) / step - 1))
    return torch.tensor(u[::-1], dtype=torch.float64)
