"""Picard distillation under a Huber norm.

huber_delta(f(x_t, t, s) - v(x_r, r)),     x_r = x_t + (r - t) sg f(x_t, t, r)
"""

from __future__ import annotations

from torch.nn.functional import huber_loss

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, at, mean_flat
from secantfw_huber.options import HuberOptions


class HuberPicard(SecantLoss):
    """One interior time a row; x_t is real, x_r is estimated, v is the teacher."""

    requires = frozenset({"teacher"})
    fixed_point = False
    fixed_point_note = "the Huber norm has a location between mean and median as its minimum"

    def __init__(self, options: HuberOptions) -> None:
        self.delta = options.delta

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=1)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        x_t, r = ctx.path.point(batch, times.t), times.r[:, 0]
        x_r = x_t + at(r - times.t, x_t) * ctx.student(x_t, times.t, r, batch.cond)
        target = ctx.teacher(x_r, r, batch.cond)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        return LossTerms(mean_flat(huber_loss(f, target, reduction="none", delta=self.delta)))
