"""Times by their noise level rho = sigma / alpha, under the laws that EDM compares, with s = t.

edm   ln rho ~ N(mean, std^2)
ve    ln rho uniform between ln sigma_min and ln sigma_max
vp    rho^2 = exp(beta_d u^2 / 2 + beta_min u) - 1,  u uniform in [1e-5, 1]
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, UserError, complete_times, time_of_level
from secantfw_edm.options import NoiseLevelsOptions

_BETA_D, _BETA_MIN, _EPSILON = 19.9, 0.1, 1e-5


class NoiseLevels(TimeSampler):
    """t = s, in every row; levels that the path does not reach are moved to its ends."""

    provides = frozenset({"every_time"})

    def __init__(self, options: NoiseLevelsOptions) -> None:
        if options.law == "ve" and not options.sigma_min < options.sigma_max:
            raise UserError(
                f"noise_levels: sigma_min {options.sigma_min} must be below sigma_max "
                f"{options.sigma_max}"
            )
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t = s (n,), r (n, K), tau (n,) or None; every row is marked as a tangent row."""
        draw = torch.randn if self.options.law == "edm" else torch.rand
        t = time_of_level(path, self.level(draw(n, generator=rng, device=rng.device)))
        marked = torch.ones(n, dtype=torch.bool, device=t.device)
        return attrs.evolve(complete_times(t, t, need, path, rng), tangent_rows=marked)

    def level(self, draw: Tensor) -> Tensor:
        """rho from its draw, standard normal under 'edm', else uniform in [0, 1]; of its shape."""
        o = self.options
        if o.law == "edm":
            return (draw * o.std + o.mean).exp()
        if o.law == "ve":
            return o.sigma_min * (o.sigma_max / o.sigma_min) ** draw
        u = 1 + draw * (_EPSILON - 1)
        return (0.5 * _BETA_D * u**2 + _BETA_MIN * u).expm1().sqrt()
