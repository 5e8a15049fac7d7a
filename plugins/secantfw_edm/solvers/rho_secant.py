"""Steps along secants between noise levels that are spaced as EDM spaces them.

    x_{i+1} = x_i + (t_{i+1} - t_i) f(x_i, t_i, t_{i+1}),
    rho(t_i)^(1/7) falls in equal steps from sigma_max to sigma_min

The first time is t and the last one is s, exactly; only those between follow the rule.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from secantfw import Cond, Field, Path, Solver, at
from secantfw_edm.noise_levels import time_of
from secantfw_edm.options import RhoSecantOptions


class RhoSecant(Solver):
    """One evaluation a step; its error is the network's, so it has no order to claim."""

    requires = frozenset({"secant"})

    def __init__(self, options: RhoSecantOptions) -> None:
        self.options = options

    def solve(
        self,
        field: Field,
        x: Tensor,
        t: Tensor,
        s: Tensor,
        steps: int,
        cond: Cond,
        rng: torch.Generator | None = None,
    ) -> Tensor:
        """x at time s, (B, *)."""
        times = self.times(field.path, t, s, steps)
        for here, there in itertools.pairwise(times):
            x = torch.addcmul(x, at(there - here, x), field.secant(x, here, there, cond))
        return x

    def times(self, path: Path, t: Tensor, s: Tensor, steps: int) -> Tensor:
        """(N + 1, B), from t to s.

        Raises:
            ValueError: fewer than one step.
        """
        if steps < 1:
            raise ValueError(f"a solver takes at least one step, got {steps}")
        start, end = (self._root(path, time) for time in (t.double(), s.double()))
        share = torch.linspace(0, 1, steps + 1, dtype=start.dtype, device=t.device)[1:-1]
        inner = torch.lerp(start, end, share.unsqueeze(1)) ** self.options.rho
        between = time_of(path, inner).to(t.dtype)
        return torch.cat((t[None], _between(between, t, s), s[None]))

    def _root(self, path: Path, time: Tensor) -> Tensor:
        """rho(t)^(1/7) of the level clamped to the range, (B,)."""
        o, c = self.options, path.coefficients(time)
        level = torch.maximum(c.sigma, o.sigma_min * c.alpha)
        level = level / torch.maximum(c.alpha, c.sigma / o.sigma_max)
        return level ** (1 / o.rho)

    def evaluations(self, steps: int) -> int:
        return steps


def _between(times: Tensor, t: Tensor, s: Tensor) -> Tensor:
    """Clamped to the interval: a level at a clamped end may lie just outside it."""
    return torch.minimum(torch.maximum(times, torch.minimum(t, s)), torch.maximum(t, s))
