"""SDEE: secant distillation, estimating the end point (arXiv:2505.14502).

    || f(x_t, t, s) - v(x_r, r) ||^2,     x_t = x_r + (t - r) sg f(x_r, r, t),     r ~ U[t, s]

x_r is real, x_t is estimated against the direction of t -> s, v is the teacher.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, mean_flat
from secantfw_picard.draws import weighted_mean
from secantfw_picard.options import SDEEOptions
from secantfw_picard.picard import estimate_requires, picard_estimate


class SDEE(SecantLoss):
    """K losses are averaged, with a student pass each: with m Picard iterations K (m + 2)
    evaluations, K of them with B.
    """

    requires = frozenset({"teacher", "bidirectional"})

    def __init__(self, options: SDEEOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=self.options.draws, law=self.options.law)

    def requirements(self) -> frozenset[str]:
        o = self.options
        return self.requires | estimate_requires(o.picard_iterations, o.weights)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,), the mean over the draws of r."""
        losses = [self._one(ctx, batch, times, r) for r in times.r.unbind(1)]
        return LossTerms(weighted_mean(losses, times.r_weight))

    def _one(self, ctx: Context, batch: Batch, times: Times, r: Tensor) -> Tensor:
        """|| f(x_t, t, s) - v(x_r, r) ||^2 for one r (B,), (B,)."""
        o = self.options
        x_r = ctx.path.point(batch, r)
        x_t = picard_estimate(ctx, x_r, r, times.t, batch.cond, o.picard_iterations, o.weights)
        target = ctx.teacher(x_r, r, batch.cond)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        return mean_flat((f - target).square())
