"""Tangent: the plain diffusion, or flow-matching, loss at s = t (arXiv:2210.02747).

    || f(x_t, t, t) - (d_alpha(t) x_0 + d_sigma(t) z) ||^2

Its minimiser is v(x_t, t); it trains teachers. The time sampler `equal` has the laws it wants.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, mean_flat
from secantfw_picard.options import TangentOptions


class Tangent(SecantLoss):
    """One evaluation, with gradient, conditioned as the data is."""

    requires = frozenset({"every_time"})
    provides = frozenset({"tangent"})

    def __init__(self, options: TangentOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        return LossTerms(tangent_loss(ctx, batch, times.t))


def tangent_loss(ctx: Context, batch: Batch, t: Tensor) -> Tensor:
    """The loss of each row at times t, (B,)."""
    x_t = ctx.path.point(batch, t)
    f = ctx.student(x_t, t, t, batch.cond_data, grad=True)
    return mean_flat((f - ctx.path.tangent(batch, t)).square())
