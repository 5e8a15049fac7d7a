"""Euler-Maruyama:  x <- x + h (sign v + D score) + sqrt(2 D h) z  (arXiv:2401.08740)."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, at
from secantfw_solvers.options import SDEOptions
from secantfw_solvers.sde.process import begin, generator, schedule


class EulerMaruyama(Solver):
    """One evaluation a step; weak order 1, so it has no order of the ODE to claim."""

    stochastic = True

    def __init__(self, options: SDEOptions) -> None:
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
        """A sample at time s, (B, *)."""
        rng = generator(rng)
        sde = begin(field, t, s, cond, self.options, asks_at_the_end=False)
        plan = schedule(t, s, steps, self.options)
        width = at(plan.h, x)
        for now in plan.times[:-1]:
            noise = sde.noise(x, now, plan.h, rng)
            x = torch.addcmul(x, width, sde.drift(x, now)) + noise
        return x if plan.last is None else sde.last_step(x, plan.times[-1], plan.last)

    def evaluations(self, steps: int) -> int:
        return steps
