"""Consistency distillation (arXiv:2303.01469).

    || f(x_t, t, s) - sg F(x_t, x_r) ||^2,     x_r from x_t by the teacher's solver,     r = mid

F is the secant from x_t to where the network takes x_r. s is the end of the data. The fixed point
is the secant of the trajectories that the solver draws, in steps of t - r.
"""

from __future__ import annotations

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed
from secantfw_flowmaps.consistency import (
    consistency_error,
    consistency_requires,
    consistency_target,
)
from secantfw_flowmaps.options import ConsistencyDistillationOptions


class ConsistencyDistillation(SecantLoss):
    """Two evaluations, one with B, and the solver's of the teacher."""

    requires = frozenset({"teacher"})

    def __init__(self, options: ConsistencyDistillationOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        return self.requires | consistency_requires(self.options.weights)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        assert times.mid is not None
        o, cond = self.options, batch.cond
        x_t = ctx.path.point(batch, times.t)
        x_r = ctx.solve_teacher(x_t, times.t, times.mid, o.solver_steps, cond)
        target = consistency_target(ctx, o.weights, x_t, x_r, times, cond)
        return LossTerms(consistency_error(ctx, x_t, times, cond, target, o.huber))
