"""Steps along secants (arXiv:2505.14502).

    x_{i+1} = x_i + (t_{i+1} - t_i) f(x_i, t_i, t_{i+1})

One step is exact where f is, so that the step count is the network's affair, not the method's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, GridOptions, Solver, step_times
from secantfw_basics.solvers.grid import asked, widths


class SecantSteps(Solver):
    """One evaluation a step; its error is the network's, so it has no order to claim.

    A student trained by segments is sampled with their spacing.
    """

    requires = frozenset({"secant"})

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
        now = asked(times, t)
        for i, width in enumerate(widths(times, x)):
            x = torch.addcmul(x, width, field.secant(x, now[i], now[i + 1], cond))
        return x

    def evaluations(self, steps: int) -> int:
        return steps
