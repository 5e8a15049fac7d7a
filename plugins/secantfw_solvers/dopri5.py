"""Adaptive Dormand-Prince, order 5 with an embedded order 4 (J. Comput. Appl. Math. 6, 1980).

The steps are torchdiffeq's (arXiv:1806.07366): the error of a step, in the root mean square over
the whole batch, is at most atol + rtol |x|. All rows share one clock u in [0, L], L = max |s - t|:

    dx/du = (s - t)/L v(x, t + u/L (s - t))

An accepted or rejected step takes 6 evaluations (the last is the next one's first); choosing the
first step takes 2.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torchdiffeq import odeint

from secantfw import Cond, Field, Solver, at
from secantfw_solvers.options import Dopri5Options


class Dopri5(Solver):
    """Order 5. `steps` is the least number of steps: the end of each N-th part is hit exactly."""

    order = 5
    adaptive = True

    def __init__(self, options: Dopri5Options) -> None:
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
        if steps < 1:
            raise ValueError(f"a solver takes at least one step, got {steps}")
        length = float((s - t).abs().max())
        if length == 0:
            return x
        rate = at((s - t) / length, x)

        def derivative(u: Tensor, x: Tensor) -> Tensor:
            now = torch.lerp(t, s, (u / length).to(t.dtype))
            return rate * field.tangent(x, now, cond)

        parts = torch.linspace(0, length, steps + 1, dtype=torch.float64, device=x.device)
        o = self.options
        exact = {"step_t": parts[1:]} if o.end == "exact" else None
        ends = parts[[0, -1]]
        found: Tensor = odeint(
            derivative, x, ends, rtol=o.rtol, atol=o.atol, method="dopri5", options=exact
        )
        return found[-1]

    def evaluations(self, steps: int) -> int:
        """The least there can be."""
        return 2 + 6 * steps
