"""Consistency training (arXiv:2303.01469, 2310.14189, 2406.14548): no teacher.

    || f(x_t, t, s) - sg F(x_t, x_r) ||^2,     x_t, x_r of the same x_0 and z,     r = mid

F is the secant from x_t to where the network takes x_r. s is the end of the data.
"""

from __future__ import annotations

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed
from secantfw_flowmaps.consistency import (
    consistency_error,
    consistency_requires,
    consistency_target,
)
from secantfw_flowmaps.options import ConsistencyTrainingOptions


class ConsistencyTraining(SecantLoss):
    """Two evaluations, one with B. Conditioned as the data is, and guided when sampling."""

    fixed_point = False
    fixed_point_note = (
        "x_r lies on the line through x_0 and z, not on the trajectory of x_t: an error of "
        "O(t - r), which the time sampler lets shrink"
    )

    def __init__(self, options: ConsistencyTrainingOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        return consistency_requires(self.options.weights)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        assert times.mid is not None
        o, cond = self.options, batch.cond_data
        x_t, x_r = ctx.path.point(batch, times.t), ctx.path.point(batch, times.mid)
        target = consistency_target(ctx, o.weights, x_t, x_r, times, cond)
        return LossTerms(consistency_error(ctx, x_t, times, cond, target, o.huber))
