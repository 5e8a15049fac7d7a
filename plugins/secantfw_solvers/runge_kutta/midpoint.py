"""The midpoint rule: Euler's step to the middle, then the whole step along the tangent there."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver
from secantfw_solvers.grid import step_times
from secantfw_solvers.options import GridOptions
from secantfw_solvers.runge_kutta.explicit import MIDPOINT, integrate


class Midpoint(Solver):
    """Order 2, two evaluations a step."""

    order = 2

    def __init__(self, options: GridOptions) -> None:
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
        times = step_times(field.path, t, s, steps, self.options)
        return integrate(field, x, t.dtype, times, MIDPOINT, cond)

    def evaluations(self, steps: int) -> int:
        return 2 * steps
