"""Heun's third-order method:  x' = x + h/4 (k_1 + 3 k_3), asking at 0, 1/3 and 2/3 of the step.

It never asks at the end of a step, and so never at the data.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, GridOptions, Solver, step_times
from secantfw_solvers.runge_kutta.explicit import HEUN, integrate


class Heun3(Solver):
    """Order 3, three evaluations a step."""

    order = 3

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
        return integrate(field, x, t.dtype, times, HEUN, cond)

    def evaluations(self, steps: int) -> int:
        return 3 * steps
