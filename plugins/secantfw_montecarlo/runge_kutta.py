"""Runge-Kutta: secant distillation on one explicit step of the teacher's ODE.

    || f(x_t, t, s) - sum_i b_i k_i ||^2,     k_1 = v(x_t, t),
    k_i = v(x_t + c_i (s - t) k_{i-1}, t + c_i (s - t))

x_t is real, v the teacher. Where Monte Carlo draws its interior times, a method of order p has
fixed ones: its estimate of the secant has no variance, and a bias of order (s - t)^p. The explicit
midpoint method is the midpoint rule of `monte_carlo` (draws = 1, law = "gauss_legendre", Euler's
step); Heun's of order 3 (Z. Math. Phys. 45, 1900) asks one time more, and like it never at s
itself: at t = 0 a teacher knows least.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor

from secantfw import (
    Batch,
    Cond,
    Context,
    LossTerms,
    SecantLoss,
    Times,
    TimesNeed,
    at,
    mean_flat,
)
from secantfw_montecarlo.options import Method, RungeKuttaOptions


@attrs.frozen
class Stages:
    """Stage i asks at the share `c[i]` of t -> s, as far along stage i - 1; `b` sum to 1."""

    c: tuple[float, ...]
    b: tuple[float, ...]


METHODS: Mapping[Method, Stages] = {
    "midpoint": Stages((0.0, 1 / 2), (0.0, 1.0)),
    "heun3": Stages((0.0, 1 / 3, 2 / 3), (1 / 4, 0.0, 3 / 4)),
}


class RungeKutta(SecantLoss):
    """One student pass and as many of the teacher as the method has stages."""

    requires = frozenset({"teacher"})
    fixed_point = False
    fixed_point_note = "the secant of a step of order p is off by a term of order (s - t)^p"
    points_note = "a stage lies on a tangent, not on the teacher's trajectory"

    def __init__(self, options: RungeKuttaOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,)."""
        x_t = ctx.path.point(batch, times.t)
        target = secant_of_step(ctx, x_t, times, batch.cond, METHODS[self.options.method])
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        return LossTerms(mean_flat((f - target).square()))


def secant_of_step(ctx: Context, x_t: Tensor, times: Times, cond: Cond, stages: Stages) -> Tensor:
    """sum_i b_i k_i (B, *), the teacher's mean velocity over one step t -> s; no gradient."""
    t, s = times.t, times.s
    width, k = at(s - t, x_t), ctx.teacher(x_t, t, cond)
    secant = stages.b[0] * k
    for c, b in zip(stages.c[1:], stages.b[1:], strict=True):
        k = ctx.teacher(torch.addcmul(x_t, width, k, value=c), torch.lerp(t, s, c), cond)
        if b:
            secant = torch.add(secant, k, alpha=b)
    return secant
