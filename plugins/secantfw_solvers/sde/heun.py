"""Heun's method for the SDE: the noise of a step first, then the drift by the trapezoidal rule.

    x' = x + sqrt(2 D h) z,    x'' = x' + h drift(x', t),    x <- x' + h/2 (drift(x', t) + drift(x'', t + sign h))

As SiT samples (arXiv:2401.08740), after the stochastic sampler of EDM (arXiv:2206.00364).
"""  # noqa: E501

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, at
from secantfw_solvers.options import SDEOptions
from secantfw_solvers.sde.process import begin, generator, schedule


class SDEHeun(Solver):
    """Two evaluations a step, one for a last step without noise."""

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
        sde = begin(field, t, s, cond, self.options, asks_at_the_end=True)
        plan = schedule(t, s, steps, self.options)
        width = at(plan.h, x)
        for i, now in enumerate(plan.times[:-1]):
            x = x + sde.noise(x, now, plan.h, rng)
            drift = sde.drift(x, now)
            ahead = sde.drift(torch.addcmul(x, width, drift), plan.times[i + 1])
            x = torch.addcmul(x, width, drift + ahead, value=0.5)
        return x if plan.last is None else sde.last_step(x, plan.times[-1], plan.last)

    def evaluations(self, steps: int) -> int:
        return 2 * steps if self.options.last_step == "none" else 2 * steps - 1
