"""Tangent: the plain diffusion, or flow-matching, loss at s = t (arXiv:2210.02747).

    w(t) || f(x_t, t, t) - (d_alpha(t) x_0 + d_sigma(t) z) ||^2

Its minimiser is v(x_t, t); it trains teachers. The time sampler `equal` has the laws it wants.
What the network predicts is the network's affair, what is weighed the loss's: with the noise z_hat
and the score of a network, W = alpha d_sigma - d_alpha sigma, and the diffusion sigma W / alpha,

    velocity     w = 1               || v - v_t ||^2
    noise        w = (alpha / W)^2   || z_hat - z ||^2 = sigma^2 || score - score_t ||^2
    likelihood   w = 1 / diffusion   a bound on the likelihood of the SDE (arXiv:2101.09258)

These are the losses of SiT (arXiv:2401.08740), whose noise and score models take "noise" by
default.
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
    mean_flat,
    noising,
)
from secantfw_picard.options import TangentOptions, Weighting


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
        error = tangent_loss(ctx, batch, times.t)
        weight = _weight(ctx.path, times.t, self.options.weighting)
        return LossTerms(error if weight is None else weight * error)


def tangent_loss(ctx: Context, batch: Batch, t: Tensor) -> Tensor:
    """The loss of each row at times t, (B,)."""
    x_t = ctx.path.point(batch, t)
    f = ctx.student(x_t, t, t, batch.cond_data, grad=True)
    return mean_flat((f - ctx.path.tangent(batch, t)).square())


def _weight(path: Path, t: Tensor, weighting: Weighting) -> Tensor | None:
    """w(t), (B,); None for 1."""
    if weighting == "velocity":
        return None
    if weighting == "likelihood":
        return 1 / noising(path, t).diffusion
    c = path.coefficients(t)
    return (c.alpha / (c.alpha * c.d_sigma - c.d_alpha * c.sigma)).square()
