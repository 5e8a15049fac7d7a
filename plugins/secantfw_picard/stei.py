"""STEI: secant training, estimating the interior point (arXiv:2505.14502).

    || f(x_t, t, s) - sg f(x_r, r, r) ||^2  +  lambda || f(x_tau, tau, tau) - v_tau ||^2,
    x_r = x_t + (r - t) sg f(x_t, t, r),     r ~ U[t, s],     v_tau = d_alpha x_0 + d_sigma z

x_t and x_tau are real, x_r is estimated. The target is the network's own tangent, which only the
second term, a diffusion loss, ties to the data; the released code asks the teacher for it.
"""

from __future__ import annotations

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
    mean_flat,
)
from secantfw_picard.draws import weighted_mean
from secantfw_picard.options import STEIOptions
from secantfw_picard.picard import estimate_requires, picard_estimate
from secantfw_picard.tangent import tangent_loss


class STEI(SecantLoss):
    """K targets are averaged under one student pass: with m Picard iterations 2 + K (m + 1)
    evaluations, two of them with B.
    """

    def __init__(self, options: STEIOptions) -> None:
        self.options = options

    def times_needed(self) -> TimesNeed:
        o = self.options
        return TimesNeed(draws=o.draws, law=o.law, tau=o.diffusion_weight > 0)

    def requirements(self) -> frozenset[str]:
        o = self.options
        teacher = frozenset({"teacher"} if o.tangent == "teacher" else ())
        return teacher | estimate_requires(o.picard_iterations, o.weights)

    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss (B,); the mean of each term is logged."""
        x_t = ctx.path.point(batch, times.t)
        target = self._target(ctx, batch, times, x_t)
        if self.options.diffusion_weight == 0:
            f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
            return LossTerms(mean_flat((f - target).square()))
        assert times.tau is not None
        if self.options.fused:
            secant, diffusion = _fused_terms(ctx, batch, times, times.tau, x_t, target)
        else:
            f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
            secant = mean_flat((f - target).square())
            diffusion = tangent_loss(ctx, batch, times.tau)
        return LossTerms(
            torch.add(secant, diffusion, alpha=self.options.diffusion_weight),
            {"secant": secant.detach().mean(), "diffusion": diffusion.detach().mean()},
        )

    def _target(self, ctx: Context, batch: Batch, times: Times, x_t: Tensor) -> Tensor:
        """The mean of v(x_r, r) over the draws of r, (B, *)."""
        o, cond = self.options, batch.cond
        tangents = []
        for r in times.r.unbind(1):
            x_r = picard_estimate(ctx, x_t, times.t, r, cond, o.picard_iterations, o.weights)
            tangents.append(self._tangent(ctx, x_r, r, cond))
        return weighted_mean(tangents, times.r_weight)

    def _tangent(self, ctx: Context, x_r: Tensor, r: Tensor, cond: Cond) -> Tensor:
        """v(x_r, r), (B, *), without gradient."""
        if self.options.tangent == "teacher":
            return ctx.teacher(x_r, r, cond)
        network = ctx.student if self.options.weights == "live" else ctx.target
        return ctx.guided_tangent(network, x_r, r, cond)


def _fused_terms(
    ctx: Context, batch: Batch, times: Times, tau: Tensor, x_t: Tensor, target: Tensor
) -> tuple[Tensor, Tensor]:
    """Both terms, (B,) each, from one call of 2B rows: one graph, one backward pass."""
    x = torch.cat((x_t, ctx.path.point(batch, tau)))
    t, s = torch.cat((times.t, tau)), torch.cat((times.s, tau))
    f = ctx.student(x, t, s, _stack(batch.cond, batch.cond_data), grad=True)
    both = torch.cat((target, ctx.path.tangent(batch, tau)))
    secant, diffusion = mean_flat((f - both).square()).chunk(2)
    return secant, diffusion


def _stack(first: Cond, second: Cond) -> Cond:
    """The conditions of 2B rows."""
    return Cond(
        label=_stack_field(first.label, second.label),
        guidance=_stack_field(first.guidance, second.guidance),
        augment=_stack_field(first.augment, second.augment),
    )


def _stack_field(first: Tensor | None, second: Tensor | None) -> Tensor | None:
    if first is None or second is None:
        assert first is second, "a field of Cond is there in both or in neither"
        return None
    return torch.cat((first, second))
