"""Euler's method:  x_{i+1} = x_i + (t_{i+1} - t_i) v(x_i, t_i)."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver
from secantfw_basics.options import WithoutOptions
from secantfw_basics.solvers.grid import uniform_grid


class Euler(Solver):
    """Order 1, one evaluation a step."""

    order = 1

    def __init__(self, options: WithoutOptions | None = None) -> None:
        del options

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
        grid = uniform_grid(x, t, s, steps)
        for i, width in enumerate(grid.widths):
            x = torch.addcmul(x, width, field.tangent(x, grid.times[i], cond))
        return x

    def evaluations(self, steps: int) -> int:
        return steps
