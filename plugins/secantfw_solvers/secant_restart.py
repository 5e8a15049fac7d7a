"""Steps along secants that overshoot, and noise that takes them back (arXiv:2310.02279, 2306.14878).

    u = t_{i+1} + gamma (s - t_{i+1}),     x_u = x_i + (u - t_i) f(x_i, t_i, u)
    x_{i+1} = k x_u + sqrt(sigma(t_{i+1})^2 - k^2 sigma(u)^2) z,    k = alpha(t_{i+1}) / alpha(u)

The second line is the law of x_{t_{i+1}} given x_u under the path's forward noising, so that whatever
the distribution should be at t_{i+1} it still is. gamma = 1 is the multistep sampling of consistency
models (arXiv:2303.01469), gamma = 0 plain secant steps on the grid. The last step is not taken back,
nor is any that goes up.
"""  # noqa: E501

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Path, Solver, UserError, step_times
from secantfw_solvers.multistep.nodes import Nodes
from secantfw_solvers.options import SecantRestartOptions
from secantfw_solvers.per_step import per_step


class SecantRestart(Solver):
    """One evaluation a step; its error is the network's, so it has no order to claim."""

    requires = frozenset({"secant"})

    def __init__(self, options: SecantRestartOptions) -> None:
        self.options = options
        self.stochastic = options.gamma > 0

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
        if self.stochastic and rng is None:
            raise UserError("this solver draws noise: it needs a generator")
        times = step_times(field.path, t, s, steps, self.options)
        aims = torch.where(
            t >= s, torch.lerp(times[1:], times[-1:], self.options.gamma), times[1:]
        )
        widths = per_step(aims - times[:-1], x)
        keep, amplitude = (
            per_step(table, x) for table in noising_back(field.path, aims, times[1:])
        )
        asked, aimed = times.to(t.dtype).unbind(0), aims.to(t.dtype).unbind(0)
        for i, width in enumerate(widths):
            f = field.secant(x, asked[i], aimed[i], cond)
            x = torch.addcmul(x, width, f)
            if self.stochastic and i < steps - 1:
                z = torch.randn(x.shape, generator=rng, device=x.device, dtype=x.dtype)
                x = torch.addcmul(keep[i] * x, amplitude[i], z)
        return x

    def evaluations(self, steps: int) -> int:
        return steps


def noising_back(path: Path, here: Tensor, there: Tensor) -> tuple[Tensor, Tensor]:
    """k and the noise's standard deviation from times `here` up to `there`, (N, B) each."""
    at_here, at_there = Nodes.on(path, here), Nodes.on(path, there)
    keep = torch.where(here < there, at_there.alpha / at_here.alpha, 1.0)
    variance = at_there.sigma**2 - (keep * at_here.sigma) ** 2
    return keep, torch.where(here < there, variance.clamp(min=0).sqrt(), 0.0)
