"""Shortcut models (arXiv:2410.12557): one step is trained to be two half steps.

    || f(x_t, t, s) - sg (f(x_t, t, m) + f(x_m, m, s)) / 2 ||^2,
    m = (t + s) / 2,     x_m = x_t + (m - t) sg f(x_t, t, m)

Rows with s = t are flow matching: their target is d_alpha x_0 + d_sigma z. The shortest half steps
are taken along the tangent, which those rows teach.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Batch, Context, LossTerms, SecantLoss, Times, TimesNeed, at, mean_flat
from secantfw_flowmaps.options import ShortcutOptions

#: Times are float32: a half step of exactly 1/N counts as one of at most 1/N.
_SLACK = 1 + 1e-4


class Shortcut(SecantLoss):
    """Every row has both targets and keeps one: shapes stay fixed, and nothing waits for the
    device to count rows. Conditioned as the data is, and guided when sampling.
    """

    requires = frozenset({"tangent_rows"})

    def __init__(self, options: ShortcutOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        return TimesNeed(draws=0)

    def requirements(self) -> frozenset[str]:
        return self.requires | frozenset({"ema"} if self.options.weights == "ema" else ())

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,); the mean error of either kind of rows is logged."""
        assert times.tangent_rows is not None
        x_t = ctx.path.point(batch, times.t)
        steps = self._two_half_steps(ctx, batch, times, x_t)
        rows = at(times.tangent_rows, x_t)
        target = torch.where(rows, ctx.path.tangent(batch, times.t), steps)
        f = ctx.student(x_t, times.t, times.s, batch.cond_data, grad=True)
        error = mean_flat((f - target).square())
        return LossTerms(error, _by_kind(error.detach(), times.tangent_rows))

    def _two_half_steps(self, ctx: Context, batch: Batch, times: Times, x_t: Tensor) -> Tensor:
        """The mean of the secants of both halves, (B, *)."""
        network = ctx.student if self.options.weights == "live" else ctx.target
        t, s, cond = times.t, times.s, batch.cond_data
        m = torch.lerp(t, s, 0.5)
        shortest = (ctx.path.t_max - ctx.path.t_min) / self.options.finest
        tangent = (m - t).abs() <= _SLACK * shortest
        first = network(x_t, t, torch.where(tangent, t, m), cond)
        x_m = x_t + at(m - t, x_t) * first
        second = network(x_m, m, torch.where(tangent, m, s), cond)
        return (first + second) / 2


def _by_kind(error: Tensor, rows: Tensor) -> dict[str, Tensor]:
    """The mean over tangent rows and over the others; 0 where there are none."""
    one, other = rows.to(error.dtype), (~rows).to(error.dtype)
    return {
        "flow_matching": (error * one).sum() / one.sum().clamp(min=1),
        "half_steps": (error * other).sum() / other.sum().clamp(min=1),
    }
