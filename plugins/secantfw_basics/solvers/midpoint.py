"""The midpoint rule:  x' = x_i + h/2 v(x_i, t_i),   x_{i+1} = x_i + h v(x', t_i + h/2).

Runge's second method (Math. Ann. 46, 1895). It never asks at the end of a step, and so never at
the data.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, GridOptions, Solver, step_times
from secantfw_basics.solvers.grid import asked, middles, widths


class Midpoint(Solver):
    """Order 2, two evaluations a step."""

    order = 2

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
        now, middle = asked(times, t), asked(middles(times), t)
        for i, width in enumerate(widths(times, x)):
            half = torch.addcmul(x, width, field.tangent(x, now[i], cond), value=0.5)
            x = torch.addcmul(x, width, field.tangent(half, middle[i], cond))
        return x

    def evaluations(self, steps: int) -> int:
        return 2 * steps
