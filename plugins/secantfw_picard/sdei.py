"""SDEI: secant distillation, estimating the interior point (arXiv:2505.14502).

    || f(x_t, t, s) - v(x_r, r) ||^2,     x_r = x_t + (r - t) sg f(x_t, t, r),     r ~ U[t, s]

x_t is real, x_r is estimated, v is the teacher.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, mean_flat
from secantfw_picard.draws import weighted_mean
from secantfw_picard.options import SDEIOptions
from secantfw_picard.picard import estimate_requires, picard_estimate


class SDEI(SecantLoss):
    """K targets are averaged under one student pass: with m Picard iterations 1 + K (m + 1)
    evaluations, one of them with B.
    """

    requires = frozenset({"teacher"})

    def __init__(self, options: SDEIOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=self.options.draws, law=self.options.law)

    def requirements(self) -> frozenset[str]:
        o = self.options
        return self.requires | estimate_requires(o.picard_iterations, o.weights)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        x_t = ctx.path.point(batch, times.t)
        target = self._target(ctx, batch, times, x_t)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        return LossTerms(mean_flat((f - target).square()))

    def _target(self, ctx: Context, batch: Batch, times: Times, x_t: Tensor) -> Tensor:
        """The mean of v(x_r, r) over the draws of r, (B, *)."""
        o, cond = self.options, batch.cond
        tangents = []
        for r in times.r.unbind(1):
            x_r = picard_estimate(ctx, x_t, times.t, r, cond, o.picard_iterations, o.weights)
            tangents.append(ctx.teacher(x_r, r, cond))
        return weighted_mean(tangents, times.r_weight)
