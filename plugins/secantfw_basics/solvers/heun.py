"""Heun's method:  x' = x_i + h v(x_i, t_i),   x_{i+1} = x_i + h/2 (v(x_i, t_i) + v(x', t_{i+1})).

The trapezoidal rule with an Euler predictor. Every path here has a finite tangent at both ends, so
the last step needs no exception (EDM's sampler, arXiv:2206.00364, ends with an Euler step).
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver
from secantfw_basics.options import WithoutOptions
from secantfw_basics.solvers.grid import uniform_grid


class Heun(Solver):
    """Order 2, two evaluations a step."""

    order = 2

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
            v = field.tangent(x, grid.times[i], cond)
            predicted = torch.addcmul(x, width, v)
            v_next = field.tangent(predicted, grid.times[i + 1], cond)
            x = torch.addcmul(x, width, v + v_next, value=0.5)
        return x

    def evaluations(self, steps: int) -> int:
        return 2 * steps
