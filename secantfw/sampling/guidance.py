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
    cond: Cond,
    null: int,
    channels: int | None = None,
) -> Tensor:
    """The guided output (B, *) of a network, by one call on 2B rows, labelled and null.

    Args:
        evaluate: (x, t, s, cond) -> output.
        x, t, s: (B, *), (B,), (B,).
        cond: labels and the scale w of each row, (B,) each, neither of them None.
        null: the null class.
        channels: how many channels are guided, the first of axis 1; the others keep the labelled
            output. None: all.
    """
    return guided_parts(evaluate, x, t, s, cond, null, channels).combined()


def guided_parts(
    evaluate: Evaluate,
    x: Tensor,
    t: Tensor,
    s: Tensor,
    cond: Cond,
    null: int,
    channels: int | None = None,
) -> SecantParts:
    """What `guided` combines, by the same call; arguments as there."""
    assert cond.label is not None
    label = torch.cat([cond.label, torch.full_like(cond.label, null)])
    augment = None if cond.augment is None else torch.cat([cond.augment, cond.augment])
    both = Cond(label, augment=augment)
    pair = evaluate(torch.cat([x, x]), torch.cat([t, t]), torch.cat([s, s]), both)
    labelled, unlabelled = pair.chunk(2)
    return SecantParts(labelled, unlabelled, cond.guidance, channels)


def guided_in_interval(
    evaluate: Evaluate,
    x: Tensor,
    t: Tensor,
    cond: Cond,
    null: int,
    interval: tuple[float, float],
    channels: int | None = None,
    *,
    pick: bool = False,
) -> Tensor:
    """The guided tangent (B, *), each row by its own scale where lo < t <= hi, else by 1.

    With `pick` the null class is evaluated for the guided rows alone: B + n rows, a number that
    changes, which costs a compiled network a graph, and on a GPU waits for the device.
    """
    assert cond.guidance is not None
    guided_row = _inside(t, interval)
    scale = torch.where(guided_row, cond.guidance, torch.ones_like(t))
    told = Cond(cond.label, scale, cond.augment)
    if not pick:
        return guided(evaluate, x, t, t, told, null, channels)
    return _guided_rows(evaluate, x, t, told, null, guided_row.nonzero().squeeze(1), channels)


def _guided_rows(
    evaluate: Evaluate,
    x: Tensor,
    t: Tensor,
    cond: Cond,
    null: int,
    rows: Tensor,
    channels: int | None,
) -> Tensor:
    """v_label of all B rows and v_null of the n `rows`, by one call on B + n."""
    assert cond.label is not None
    assert cond.guidance is not None
    every = torch.cat((torch.arange(len(x)), rows))
    label = cond.label[every]
    label[len(x) :] = null
    augment = None if cond.augment is None else cond.augment[every]
    times = t[every]
    both = evaluate(x[every], times, times, Cond(label, augment=augment))
    labelled, unlabelled = both[: len(x)], both[len(x) :]
    parts = SecantParts(labelled[rows], unlabelled, cond.guidance[rows], channels)
    return labelled.index_copy(0, rows, parts.combined())


def told_in_interval(cond: Cond, t: Tensor, interval: tuple[float, float]) -> Cond:
    """The scale that a student is told at times t (B,): its row's inside the interval, else 1."""
    if cond.guidance is None:
        return cond
    scale = torch.where(_inside(t, interval), cond.guidance, torch.ones_like(cond.guidance))
    return Cond(cond.label, scale, cond.augment)


def scale_at(t: Tensor, scale: float, interval: tuple[float, float]) -> Tensor:
    """w(t), (B,): `scale` where lo < t <= hi, else 1 (arXiv:2404.07724); lo = 0 includes t = 0."""
    guided = _inside(t, interval)
    return torch.where(guided, torch.full_like(t, scale), torch.ones_like(t))


def acts_at(t: Tensor, interval: tuple[float, float]) -> bool:
    """Whether any of the times t (B,) lies in the interval.

    Reads from the device, unless the interval is all of time.
    """
    return (interval[0] <= 0 and interval[1] >= 1) or bool(_inside(t, interval).any())


def _inside(t: Tensor, interval: tuple[float, float]) -> Tensor:
    """lo < t <= hi, (B,). Times of a grid are rounded, and so are the ends: a time within 1e-6 of
    an end is that end.
    """
    low, high = interval
    inside = t <= high + _ROUNDING
    if low > 0:
        inside &= t > low + _ROUNDING
    return inside
