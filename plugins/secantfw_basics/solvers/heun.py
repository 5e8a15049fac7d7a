"""Heun's method:  x' = x_i + h v(x_i, t_i),   x_{i+1} = x_i + h/2 (v(x_i, t_i) + v(x', t_{i+1})).

The trapezoidal rule with an Euler predictor. The last step is Euler's, as in Algorithm 2 of
arXiv:2206.00364: v(x, t) is least certain where t ends, at the data. With `final = "heun"` it is
Heun's too, which a solve in few steps between two interior times wants.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, step_times
from secantfw_basics.options import HeunOptions
from secantfw_basics.solvers.grid import asked, widths


class Heun(Solver):
    """Order 2; 2N - 1 evaluations, or 2N with `final = "heun"`.

    One step of lower order among N adds an error of order 2, that of a step.
    """

    order = 2

    def __init__(self, options: HeunOptions | None = None) -> None:
        self.options = options or HeunOptions()

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
        now, corrected = asked(times, t), steps - (self.options.final == "euler")
        for i, width in enumerate(widths(times, x)):
            v = field.tangent(x, now[i], cond)
            following = torch.addcmul(x, width, v)
            if i < corrected:
                v_next = field.tangent(following, now[i + 1], cond)
                following = torch.addcmul(x, width, v + v_next, value=0.5)
            x = following
        return x

    def evaluations(self, steps: int) -> int:
        return 2 * steps - (self.options.final == "euler")
