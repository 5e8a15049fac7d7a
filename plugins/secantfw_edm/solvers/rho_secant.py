"""Steps along secants between noise levels that are spaced as EDM spaces them.

    x_{i+1} = x_i + (t_{i+1} - t_i) f(x_i, t_i, t_{i+1})

with the times of `secantfw_edm.rho_grid`, on which `rho_segments` trains.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, at
from secantfw_edm.options import RhoSecantOptions
from secantfw_edm.rho_grid import rho_times


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
        times = rho_times(field.path, t, s, steps, self.options)
        for here, there in itertools.pairwise(times):
            x = torch.addcmul(x, at(there - here, x), field.secant(x, here, there, cond))
        return x

    def evaluations(self, steps: int) -> int:
        return steps
