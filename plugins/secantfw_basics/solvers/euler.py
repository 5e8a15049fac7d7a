"""Euler's method:  x_{i+1} = x_i + (t_{i+1} - t_i) v(x_i, t_i)."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, GridOptions, Solver, step_times
from secantfw_basics.solvers.grid import asked, widths


class Euler(Solver):
    """Order 1, one evaluation a step."""

    order = 1

    def __init__(self, options: GridOptions | None = None) -> None:
        self.options = options or GridOptions()

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
        times = step_times(field.path, t, s, steps, self.options)
        for now, width in zip(asked(times[:-1], t), widths(times, x), strict=True):
            x = torch.addcmul(x, width, field.tangent(x, now, cond))
        return x

    def evaluations(self, steps: int) -> int:
        return steps
