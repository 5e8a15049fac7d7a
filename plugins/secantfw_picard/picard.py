"""Picard estimates: a second point of a trajectory, by the network's own secants.

    y <- x + (q - p) f(x, p, q),      then      y <- x + (q - p) f(y, q, p)

x is the point at time p, y the estimate at time q. The first line reads the mean tangent between
p and q from x. Every further iteration reads the same mean from the last estimate, in the other
direction: a fixed-point iteration, since a network that is exact both ways returns y to itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Context, at
from secantfw_picard.options import Weights


def picard_estimate(
    ctx: Context,
    x: Tensor,  # (B, *) at time p
    p: Tensor,  # (B,)
    q: Tensor,  # (B,)
    cond: Cond,
    iterations: int,
    weights: Weights,
) -> Tensor:
    """The point at time q on the trajectory through x at time p, (B, *), out of the graph."""
    network = ctx.student if weights == "live" else ctx.target
    step = at(q - p, x)
    y = torch.addcmul(x, step, network(x, p, q, cond, grad=False))
    for _ in range(iterations - 1):
        y = torch.addcmul(x, step, network(y, q, p, cond, grad=False))
    return y


def estimate_requires(iterations: int, weights: Weights) -> frozenset[str]:
    """What the estimate needs beyond a network that goes one way."""
    backwards = {"bidirectional"} if iterations > 1 else set()
    return frozenset(backwards | ({"ema"} if weights == "ema" else set()))
