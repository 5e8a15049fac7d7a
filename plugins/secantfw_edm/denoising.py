"""The denoising losses that EDM, VP and VE networks are trained with (arXiv:2206.00364).

    weight(rho) || D(x_t / alpha; rho) - x_0 ||^2,     rho = sigma / alpha

In terms of the tangent, D - x_0 = (sigma / W)(f(x_t, t, t) - v_t) with v_t the conditional tangent
and W = alpha' sigma - alpha sigma'. Both weights then lose their poles:

    edm    (rho^2 + sd^2) / (rho sd)^2   ->   (sigma^2 + sd^2 alpha^2) / (sd W)^2
    noise   1 / rho^2                    ->   (alpha / W)^2

so that one formula serves every path and each of its times. Under EDM's preconditioning the first
is || F - target ||^2 with a target of unit variance.
"""

from __future__ import annotations

from torch import Tensor

from secantfw import (
    Batch,
    Context,
    LossTerms,
    Path,
    SecantLoss,
    Times,
    TimesNeed,
    at,
    mean_flat,
)
from secantfw_edm.options import DenoisingOptions


class Denoising(SecantLoss):
    """One evaluation, with gradient, conditioned as the data is. The time sampler says how often
    each noise level is seen."""

    requires = frozenset({"every_time"})
    provides = frozenset({"tangent"})

    def __init__(self, options: DenoisingOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,): the mean over pixels, where the official sum is reduced later."""
        return LossTerms(mean_flat(self.elementwise(ctx, batch, times.t)))

    def elementwise(self, ctx: Context, batch: Batch, t: Tensor) -> Tensor:
        """The weighted squared errors of the denoiser at times t, (B, *)."""
        x_t = ctx.path.point(batch, t)
        f = ctx.student(x_t, t, t, batch.cond_data, grad=True)
        weight = at(self.tangent_weight(ctx.path, t), x_t)
        return weight * (f - ctx.path.tangent(batch, t)).square()

    def tangent_weight(self, path: Path, t: Tensor) -> Tensor:
        """The weight of || f - v_t ||^2 at times t, (B,)."""
        c, sd = path.coefficients(t), self.options.sigma_data
        w = c.d_alpha * c.sigma - c.alpha * c.d_sigma
        if self.options.weight == "noise":
            return (c.alpha / w).square()
        return (c.sigma**2 + sd**2 * c.alpha**2) / (sd * w).square()
