"""What both consistency losses share: the secant from x_t to where a neighbour's secant ends.

Consistency (arXiv:2303.01469) asks that x_t and its neighbour x_r, nearer to s, reach one point:
x_t + (s - t) f(x_t, t, s) = x_r + (s - r) f(x_r, r, s). As a target for f(x_t, t, s) that is

    F = ((x_r - x_t) + (s - r) f(x_r, r, s)) / (s - t)

The boundary condition of the paper needs no network of a special form: a secant ends in x_s where
s = t, whatever f is.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Context, Times, at, mean_flat
from secantfw_flowmaps.options import Weights


def consistency_target(
    ctx: Context, weights: Weights, x_t: Tensor, x_r: Tensor, times: Times, cond: Cond
) -> Tensor:
    """F (B, *), without a graph; r is `times.mid`. Where s = t, F is f(x_r, r, s)."""
    assert times.mid is not None
    t, s, r = times.t, times.s, times.mid
    network = ctx.student if weights == "live" else ctx.target
    f = network(x_r, r, s, cond, grad=False)
    width = torch.where(s == t, 1, s - t)
    left = torch.where(s == t, 1, (s - r) / width)
    return (x_r - x_t) / at(width, x_t) + at(left, x_t) * f


def consistency_error(
    ctx: Context, x_t: Tensor, times: Times, cond: Cond, target: Tensor, huber: float
) -> Tensor:
    """|| f(x_t, t, s) - target ||^2, or its pseudo-Huber norm, (B,)."""
    f = ctx.student(x_t, times.t, times.s, cond, grad=True)
    error = mean_flat((f - target).square())
    return error if huber == 0 else (error + huber**2).sqrt() - huber


def consistency_requires(weights: Weights) -> frozenset[str]:
    """What a target by these weights requires."""
    return frozenset({"mid"} | ({"ema"} if weights == "ema" else set()))
