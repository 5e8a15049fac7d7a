"""STEE: secant training, estimating the end point (arXiv:2505.14502).

    || f(x_t, t, s) - (d_alpha(r) x_0 + d_sigma(r) z) ||^2,
    x_t = x_r + (t - r) sg f(x_r, r, t),     r ~ U[t, s]

x_r is real, x_t is estimated. The mean of the target given x_r is v(x_r, r): no teacher.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, mean_flat
from secantfw_picard.draws import weighted_mean
from secantfw_picard.options import STEEOptions
from secantfw_picard.picard import estimate_requires, picard_estimate


class STEE(SecantLoss):
    """K losses are averaged, with a student pass each: with m Picard iterations K (m + 1)
    evaluations, K of them with B.

    Its target is the data's own tangent, so it is conditioned as the data is, and is guided when
    sampling.
    """

    requires = frozenset({"bidirectional"})

    def __init__(self, options: STEEOptions) -> None:
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
        """|| f(x_t, t, s) - tangent of the path at r ||^2 for one r (B,), (B,)."""
        o, cond = self.options, batch.cond_data
        x_r = ctx.path.point(batch, r)
        x_t = picard_estimate(ctx, x_r, r, times.t, cond, o.picard_iterations, o.weights)
        f = ctx.student(x_t, times.t, times.s, cond, grad=True)
        return mean_flat((f - ctx.path.tangent(batch, r)).square())
