"""Lagrangian flow-map distillation (arXiv:2406.07507): as s moves, the end moves with velocity v.

    || f + (s - t) d_s f - sg v(x_s, s) ||^2,     x_s = x_t + (s - t) f,     f = f(x_t, t, s)

The first two terms are d_s x_s. v is the teacher; its point x_s is taken as a constant, as the
teacher has no gradient here (arXiv:2505.18825 does so too).
"""

from __future__ import annotations

import torch

from secantfw import (
    Batch,
    Context,
    LossTerms,
    Point,
    SecantLoss,
    Times,
    TimesNeed,
    at,
    mean_flat,
    stop_grad,
)
from secantfw_flowmaps.along_path import derivative_requires
from secantfw_flowmaps.options import LagrangianOptions


class Lagrangian(SecantLoss):
    """One evaluation with B for f and its derivative in s, three by differences; one of the
    teacher.
    """

    requires = frozenset({"teacher"})

    def __init__(self, options: LagrangianOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        return self.requires | derivative_requires(self.options.derivative)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        t, s, cond = times.t, times.s, batch.cond
        x_t = ctx.path.point(batch, t)
        along_s = Point(torch.zeros_like(x_t), torch.zeros_like(t), torch.ones_like(s))
        d = ctx.jvp(
            ctx.student,
            Point(x_t, t, s),
            along_s,
            cond,
            method=self.options.derivative,
            grad=True,
        )
        x_s = x_t + at(s - t, x_t) * stop_grad(d.value)
        velocity = d.value + at(s - t, x_t) * d.derivative
        return LossTerms(mean_flat((velocity - ctx.teacher(x_s, s, cond)).square()))
