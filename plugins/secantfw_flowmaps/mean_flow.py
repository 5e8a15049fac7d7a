"""MeanFlow (arXiv:2505.13447), in a time that has data at 0 and noise at 1, as the paper's.

    w || f(x_t, t, s) - sg(v + (s - t) D_t f) ||^2,     w = sg 1 / (|| ... ||^2 + c)^p

v is the direction of the path through x_0 and z, or the teacher (the distillation of
arXiv:2506.14603). The norm is the mean over the data's numbers. Rows with s = t are flow matching.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import (
    Batch,
    Cond,
    Context,
    Derivative,
    LossTerms,
    SecantLoss,
    Times,
    TimesNeed,
    at,
    mean_flat,
    stop_grad,
)
from secantfw_flowmaps.along_path import derivative_requires, total_derivative
from secantfw_flowmaps.options import MeanFlowOptions


class MeanFlow(SecantLoss):
    """One evaluation gives f, with its graph, and D_t f; three more by differences.

    With the data's tangent it is conditioned as the data is, and is guided when sampling.
    """

    def __init__(self, options: MeanFlowOptions) -> None:
        self.options = options
        # With a teacher the exact secant has no error in any row: no weight can matter.
        self.fixed_point = options.power == 0 or options.tangent == "teacher"
        if not self.fixed_point:
            self.fixed_point_note = (
                "the weight of a row falls with its error, so that unlikely directions of the "
                "data count less: the minimum is a robust mean, the secant at power = 0"
            )

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        teacher = frozenset({"teacher"} if self.options.tangent == "teacher" else ())
        return teacher | derivative_requires(self.options.derivative)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,); the error before its weight is logged, as the loss hardly moves."""
        x_t = ctx.path.point(batch, times.t)
        cond = batch.cond_data if self.options.tangent == "data" else batch.cond
        v = self._tangent(ctx, batch, x_t, times.t)
        secant = self._secant(ctx, x_t, v, times, cond)
        target = v + at(times.s - times.t, x_t) * secant.derivative
        error = mean_flat((secant.value - stop_grad(target)).square())
        weight = (stop_grad(error) + self.options.offset) ** -self.options.power
        return LossTerms(weight * error, {"squared_error": stop_grad(error).mean()})

    def _tangent(self, ctx: Context, batch: Batch, x_t: Tensor, t: Tensor) -> Tensor:
        """v, (B, *)."""
        if self.options.tangent == "teacher":
            return ctx.teacher(x_t, t, batch.cond)
        return ctx.path.tangent(batch, t)

    def _secant(
        self, ctx: Context, x_t: Tensor, v: Tensor, times: Times, cond: Cond
    ) -> Derivative:
        """f with a graph, and D_t f."""
        if self.options.derivative == "exact":
            return total_derivative(ctx, x_t, v, times, cond, "exact", grad=True)
        # With a graph all three evaluations of a difference would keep one, and two be unused.
        d = total_derivative(ctx, x_t, v, times, cond, "finite_difference", grad=False)
        f = ctx.student(x_t, times.t, times.s, cond, grad=True)
        return Derivative(f, d.derivative)
