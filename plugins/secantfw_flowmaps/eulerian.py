"""Eulerian flow-map distillation (arXiv:2406.07507): along a trajectory, the end does not move.

    || D_t x_s ||^2 = || v + (s - t) D_t f - f ||^2,     x_s = x_t + (s - t) f,     v = v(x_t, t)

v is the teacher. The gradient runs through D_t f too; with a stop there it would be `mean_flow`
with `tangent = "teacher"` and `power = 0`.
"""

from __future__ import annotations

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, at, mean_flat
from secantfw_flowmaps.along_path import derivative_requires, total_derivative
from secantfw_flowmaps.options import EulerianOptions


class Eulerian(SecantLoss):
    """One evaluation with B for f and D_t f, three by differences; one of the teacher."""

    requires = frozenset({"teacher"})

    def __init__(self, options: EulerianOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        return self.requires | derivative_requires(self.options.derivative)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        x_t = ctx.path.point(batch, times.t)
        v = ctx.teacher(x_t, times.t, batch.cond)
        method = self.options.derivative
        d = total_derivative(ctx, x_t, v, times, batch.cond, method, grad=True)
        moved = v + at(times.s - times.t, x_t) * d.derivative - d.value
        return LossTerms(mean_flat(moved.square()))
