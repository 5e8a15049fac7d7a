"""Classifier-free guidance: v_w = v_null + w (v_label - v_null), arXiv:2207.12598."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from secantfw.interfaces.records import Cond
from secantfw.interfaces.secant_parts import SecantParts

_ROUNDING = 1e-6


Evaluate = Callable[[Tensor, Tensor, Tensor, Cond], Tensor]


def guided(
    evaluate: Evaluate,
    x: Tensor,
    t: Tensor,
    s: Tensor,
    label: Tensor,
    scale: Tensor,
    null: int,
    channels: int | None = None,
) -> Tensor:
    """The guided output (B, *) of a network, by one call on 2B rows, labelled and null.

    Args:
        evaluate: (x, t, s, cond) -> output.
        x, t, s, label: (B, *), (B,), (B,), (B,) int64.
        scale: w of each row, (B,).
        null: the null class.
        channels: how many channels are guided, the first of axis 1; the others keep the labelled
            output. None: all.
    """
    return guided_parts(evaluate, x, t, s, label, scale, null, channels).combined()


def guided_parts(
    evaluate: Evaluate,
    x: Tensor,
    t: Tensor,
    s: Tensor,
    label: Tensor,
    scale: Tensor,
    null: int,
    channels: int | None = None,
) -> SecantParts:
    """What `guided` combines, by the same call; arguments as there."""
    both = Cond(label=torch.cat([label, torch.full_like(label, null)]))
    pair = evaluate(torch.cat([x, x]), torch.cat([t, t]), torch.cat([s, s]), both)
    labelled, unlabelled = pair.chunk(2)
    return SecantParts(labelled, unlabelled, scale, channels)


def scale_at(t: Tensor, scale: float, interval: tuple[float, float]) -> Tensor:
    """w(t), (B,): `scale` where lo < t <= hi, else 1 (arXiv:2404.07724); lo = 0 includes t = 0.

    Times of a grid are rounded, and so are the ends: a time within 1e-6 of an end is that end.
    """
    low, high = interval
    inside = t <= high + _ROUNDING
    if low > 0:
        inside &= t > low + _ROUNDING
    return torch.where(inside, torch.full_like(t, scale), torch.ones_like(t))
