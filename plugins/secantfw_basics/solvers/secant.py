"""Steps along secants (arXiv:2505.14502).

    x_{i+1} = x_i + (t_{i+1} - t_i) f(x_i, t_i, t_{i+1})

One step is exact where f is, so that the step count is the network's affair, not the method's.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver
from secantfw_basics.options import SecantOptions
from secantfw_basics.solvers.grid import spaced_grid


class SecantSteps(Solver):
    """One evaluation a step; its error is the network's, so it has no order to claim.

    A student trained by segments is sampled with their spacing.
    """

    requires = frozenset({"secant"})

    def __init__(self, options: SecantOptions | None = None) -> None:
        self.options = options or SecantOptions()

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
        o = self.options
        grid = spaced_grid(x, t, s, steps, o.spacing, o.mean, o.std)
        for i, width in enumerate(grid.widths):
            f = field.secant(x, grid.times[i], grid.times[i + 1], cond)
            x = torch.addcmul(x, width, f)
        return x

    def evaluations(self, steps: int) -> int:
        return steps
