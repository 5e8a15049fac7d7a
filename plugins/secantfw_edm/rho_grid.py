"""N + 1 times whose noise levels EDM's rule spaces (arXiv:2206.00364, equation 5).

    rho(t_i)^(1/p) = rho(t)^(1/p) + i/N (rho(s)^(1/p) - rho(t)^(1/p)),    i = 0 .. N,  p = 7

The levels of both ends are clamped to [sigma_min, sigma_max], while t_0 = t and t_N = s exactly.
From noise to data these are N levels above zero and N steps, as in EDM, but without EDM's last
step, from sigma_min on, which nobody would see. The time sampler `rho_segments` and the solver
`rho_secant` have their times from here: a student is sampled at the times it is trained at.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path, time_of_level
from secantfw_edm.options import RhoSpacing


def rho_times(path: Path, t: Tensor, s: Tensor, steps: int, spacing: RhoSpacing) -> Tensor:
    """(N + 1, B), from t to s, (B,) each.

    Raises:
        ValueError: fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    start, end = (_root(path, time.double(), spacing) for time in (t, s))
    share = torch.linspace(0, 1, steps + 1, dtype=start.dtype, device=t.device)[1:-1]
    inner = torch.lerp(start, end, share.unsqueeze(1)) ** spacing.rho
    between = time_of_level(path, inner).to(t.dtype)
    return torch.cat((t[None], _between(between, t, s), s[None]))


def _root(path: Path, time: Tensor, spacing: RhoSpacing) -> Tensor:
    """rho(t)^(1/p) of the level clamped to the range, (B,)."""
    c = path.coefficients(time)
    level = torch.maximum(c.sigma, spacing.sigma_min * c.alpha)
    level = level / torch.maximum(c.alpha, c.sigma / spacing.sigma_max)
    return level ** (1 / spacing.rho)


def _between(times: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Clamped to the interval: a level at a clamped end may lie just outside it."""
    return torch.minimum(torch.maximum(times, torch.minimum(t, s)), torch.maximum(t, s))
