"""D_t f: the derivative of f(x_t, t, s) as t moves along a trajectory and s stays.

    D_t f = d/de f(x_t + e v, t + e, s) at e = 0

The point reached, x_s = x_t + (s - t) f, does not move, so that d/dt ((s - t) f) = -v, and

    f = v + (s - t) D_t f

at the exact secant. D_t f is linear in v: with the data's direction in place of v, it holds in
the mean given x_t.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Context, Derivative, Point, Times
from secantfw_flowmaps.options import Method


def total_derivative(
    ctx: Context,
    x_t: Tensor,  # (B, *)
    v: Tensor,  # (B, *)
    times: Times,
    cond: Cond,
    method: Method,
    *,
    grad: bool,
) -> Derivative:
    """The student's f and D_t f, (B, *) each."""
    at_t = Point(x_t, times.t, times.s)
    along = Point(v, torch.ones_like(times.t), torch.zeros_like(times.s))
    return ctx.jvp(ctx.student, at_t, along, cond, method=method, grad=grad)


def derivative_requires(method: Method) -> frozenset[str]:
    """What a derivative by this method requires of the network."""
    return frozenset({"jvp"} if method == "exact" else ())
