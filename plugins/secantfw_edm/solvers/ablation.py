"""The sampler of EDM's ablations, of which VP's, VE's and iDDPM's are cases (arXiv:2206.00364,
appendix C).

Time u has a noise level sigma(u) and a scale s(u), and X = s(u) y:

    dX/du = (sigma'/sigma + s'/s) X - (sigma' s / sigma) D(X / s; sigma)

    schedule   linear  sigma = u;    ve  sigma = sqrt(u);    vp  sigma(u)^2 = exp(...) - 1
    scaling    none    s = 1;        vp  s = 1 / sqrt(1 + sigma^2)

by Euler, or by the family of two-stage methods in which alpha = 1 is Heun and 1/2 the midpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import attrs
import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, at
from secantfw_edm.options import AblationOptions, Discretisation
from secantfw_edm.solvers.coordinates import Coordinates, fitted
from secantfw_edm.solvers.discretisation import VPSchedule, levels, rounded
from secantfw_edm.solvers.noise import Churn, noise_source

#: D is divided by the level: one that a step starts from is at least this.
_SMALLEST = 1e-6
_RANGES: dict[Discretisation, tuple[float, float]] = {
    "edm": (0.002, 80.0),
    "ve": (0.02, 100.0),
    "iddpm": (0.002, 81.0),
}


@attrs.frozen
class Clock:
    """sigma(u), s(u) and their derivatives, float64 (B,)."""

    options: AblationOptions
    vp: VPSchedule

    def sigma(self, u: Tensor) -> Tensor:
        if self.options.schedule == "vp":
            return self.vp.sigma(u)
        return u.sqrt() if self.options.schedule == "ve" else u

    def d_sigma(self, u: Tensor) -> Tensor:
        if self.options.schedule == "vp":
            return self.vp.derivative(u)
        return 0.5 / u.sqrt() if self.options.schedule == "ve" else torch.ones_like(u)

    def inverse(self, sigma: Tensor) -> Tensor:
        if self.options.schedule == "vp":
            return self.vp.inverse(sigma)
        return sigma**2 if self.options.schedule == "ve" else sigma

    def scale(self, u: Tensor) -> Tensor:
        if self.options.scaling == "none":
            return torch.ones_like(u)
        return (1 + self.sigma(u) ** 2).rsqrt()

    def d_scale(self, u: Tensor) -> Tensor:
        if self.options.scaling == "none":
            return torch.zeros_like(u)
        return -self.sigma(u) * self.d_sigma(u) * self.scale(u) ** 3


class Ablation(Solver):
    """N evaluations with Euler, 2N - 1 with two stages, since the last step is Euler's."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "method": ("euler", "heun"),
        "discretisation": ("edm", "vp", "ve", "iddpm"),
        "schedule": ("linear", "vp"),
        "alpha": (1.0, 0.5),
    }

    def __init__(self, options: AblationOptions) -> None:
        self.options = options
        self.stochastic = options.churn > 0
        self.sigma_min, self.sigma_max = _range(options)

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
        grid = levels(
            o.discretisation, steps, self.sigma_min, self.sigma_max, o.rho, o.epsilon
        ).to(x.device)
        grid = rounded(grid) if o.iddpm_levels else grid
        space = Coordinates(field, cond, x, float(grid[0]))
        nodes = fitted(grid, space.level(t), space.level(s))
        return space.end(self.integrate(space, space.start(t), nodes, noise_source(x, rng)), s)

    def integrate(
        self, space: Coordinates, y: Tensor, nodes: Tensor, noise: Callable[[], Tensor]
    ) -> Tensor:
        """y (B, *) float64 at the last of the levels `nodes` (N + 1, B), from y at the first."""
        o, steps = self.options, len(nodes) - 1
        clock = Clock(o, VPSchedule.through(self.sigma_min, self.sigma_max, o.epsilon))
        churn = Churn.of(o, steps)
        nodes = torch.cat((nodes[:-1].clamp(min=_SMALLEST), nodes[-1:]))
        times = clock.inverse(nodes)
        scaled = at(clock.scale(times[0]), y) * y
        for i in range(steps):
            u, following = times[i], times[i + 1]
            if churn.active:
                level = clock.sigma(u)
                raised = churn.raised(level, clock.sigma(following))
                raised = rounded(raised) if o.iddpm_levels else raised
                ahead = clock.inverse(raised)
                scaled = at(clock.scale(ahead) / clock.scale(u), y) * scaled
                amplitude = churn.amplitude(level, raised) * clock.scale(ahead)
                scaled = scaled + at(amplitude, y) * noise()
                u = ahead
            last = i == steps - 1
            scaled = self._step(space, clock, scaled, u, following, last)
        return scaled / at(clock.scale(times[-1]), y)

    def _step(
        self, space: Coordinates, clock: Clock, x: Tensor, u: Tensor, following: Tensor, last: bool
    ) -> Tensor:
        """X at `following`, from X at u."""
        h, alpha = following - u, self.options.alpha
        d = _derivative(space, clock, x, u)
        if last or self.options.method == "euler":
            return x + at(h, x) * d
        d_inner = _derivative(space, clock, x + at(alpha * h, x) * d, u + alpha * h)
        share = 1 / (2 * alpha)
        return x + at(h, x) * ((1 - share) * d + share * d_inner)

    def evaluations(self, steps: int) -> int:
        return steps if self.options.method == "euler" else 2 * steps - 1


def _derivative(space: Coordinates, clock: Clock, x: Tensor, u: Tensor) -> Tensor:
    """dX/du at X (B, *) and u (B,)."""
    sigma, scale, d_sigma = clock.sigma(u), clock.scale(u), clock.d_sigma(u)
    denoised = space.denoised(x / at(scale, x), sigma)
    own = d_sigma / sigma + clock.d_scale(u) / scale
    return at(own, x) * x - at(d_sigma * scale / sigma, x) * denoised


def _range(options: AblationOptions) -> tuple[float, float]:
    """The noise levels of the discretisation, where the options do not say them."""
    if options.discretisation == "vp":
        ends = torch.tensor([options.epsilon, 1.0], dtype=torch.float64)
        low, high = VPSchedule().sigma(ends).tolist()
    else:
        low, high = _RANGES[options.discretisation]
    return options.sigma_min or low, options.sigma_max or high
