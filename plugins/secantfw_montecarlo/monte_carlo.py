"""Monte Carlo: secant distillation along the teacher's own trajectory (arXiv:2505.14502).

    || f(x_t, t, s) - sum_k w_k v(x_{r_k}, r_k) ||^2,     x_r = x_t + int_t^r v(x_u, u) du

x_t is real and v the teacher, which also integrates x_r. The Picard losses estimate x_r by the
network that is being trained; this is what they approximate, at a price of m solver steps a draw.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, mean_flat
from secantfw_montecarlo.estimate import Tangents, tangents_along
from secantfw_montecarlo.options import MonteCarloOptions
from secantfw_montecarlo.variance import estimate_variance, tangent_variance


class MonteCarlo(SecantLoss):
    """K targets are averaged under one student pass: 1 + K (1 + e) evaluations, one of them with
    B, where e is what m steps of the solver cost (m by Euler, 2 m by Heun).
    """

    requires = frozenset({"teacher"})

    def __init__(self, options: MonteCarloOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=self.options.draws, law=self.options.law)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,); what the draws say of their variance is logged (see `variance`)."""
        x_t = ctx.path.point(batch, times.t)
        tangents = tangents_along(ctx, x_t, times, self.options.substeps, batch.cond)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        return LossTerms(mean_flat((f - tangents.mean()).square()), self._scalars(tangents))

    def _scalars(self, tangents: Tangents) -> dict[str, Tensor]:
        if self.options.draws == 1:
            return {}
        scalars = {"tangent_variance": tangent_variance(tangents.value)}
        variance = estimate_variance(tangents.value, self.options.law)
        return scalars if variance is None else {**scalars, "estimate_variance": variance}
