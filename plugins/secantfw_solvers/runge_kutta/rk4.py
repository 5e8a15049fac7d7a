"""The classical method of Runge and Kutta."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, GridOptions, Solver, step_times
from secantfw_solvers.runge_kutta.explicit import CLASSICAL, integrate


class RK4(Solver):
    """Order 4, four evaluations a step."""

    order = 4

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
        return integrate(field, x, t.dtype, times, CLASSICAL, cond)

    def evaluations(self, steps: int) -> int:
        return 4 * steps
