"""EDM's sampler (arXiv:2206.00364, algorithm 2), deterministic or with churn.

    s^ = s_i (1 + gamma),   y^ = y_i + sqrt(s^^2 - s_i^2) S_noise eps,   d = dy/drho at (y^, s^)
    y_{i+1} = y^ + (s_{i+1} - s^) (d + d')/2,   d' at y^ + (s_{i+1} - s^) d

over noise levels s_0 > ... > s_{N-1} > s_N = 0, the last step by Euler. gamma is
min(S_churn / N, sqrt(2) - 1) for levels in [S_min, S_max], else 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, UserError, at
from secantfw_edm.options import EDMHeunOptions
from secantfw_edm.solvers.coordinates import Coordinates, fitted
from secantfw_edm.solvers.discretisation import levels, rounded
from secantfw_edm.solvers.noise import Churn, noise_source


class EDMHeun(Solver):
    """2N - 1 evaluations; the state is float64, whatever the network's precision."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "sigma_min": (0.002, 0.02, 0.1),
        "sigma_max": (80.0, 10.0),
        "rho": (3.0, 5.0, 7.0),
    }

    def __init__(self, options: EDMHeunOptions) -> None:
        if not options.sigma_min < options.sigma_max:
            raise UserError("edm_heun: sigma_min must be below sigma_max")
        self.options = options
        self.stochastic = options.churn > 0

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
        """x at time s, (B, *). Noise is added on the way down only."""
        o = self.options
        grid = levels("edm", steps, o.sigma_min, o.sigma_max, o.rho, 0.0).to(x.device)
        grid = rounded(grid) if o.iddpm_levels else grid
        space = Coordinates(field, cond, x, float(grid[0]))
        nodes = fitted(grid, space.level(t), space.level(s))
        return space.end(self.integrate(space, space.start(t), nodes, noise_source(x, rng)), s)

    def integrate(
        self, space: Coordinates, y: Tensor, nodes: Tensor, noise: Callable[[], Tensor]
    ) -> Tensor:
        """y (B, *) float64 at the last of the levels `nodes` (N + 1, B), from y at the first."""
        steps = len(nodes) - 1
        churn = Churn.of(self.options, steps)
        for i in range(steps):
            level, following = nodes[i], nodes[i + 1]
            if churn.active:
                raised = churn.raised(level, following)
                raised = rounded(raised) if self.options.iddpm_levels else raised
                y = y + at(churn.amplitude(level, raised), y) * noise()
                level = raised
            width = at(following - level, y)
            d = space.derivative(y, level)
            predicted = y + width * d
            if i < steps - 1:
                d_next = space.derivative(predicted, following)
                predicted = y + width * (0.5 * d + 0.5 * d_next)
            y = predicted
        return y

    def evaluations(self, steps: int) -> int:
        return 2 * steps - 1
