"""Derivatives of a two-time network along a direction in (x, t, s)."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.interfaces.loss import Derivative, DerivativeMethod, Point, SecantCall
from secantfw.interfaces.records import Cond

#: Half the width of the central difference, in time: float32 rounding and curvature balance here.
EPSILON = 5e-3


def derivative(
    network: SecantCall,
    at: Point,
    direction: Point,
    cond: Cond,
    *,
    method: DerivativeMethod = "exact",
    grad: bool = False,
) -> Derivative:
    """f and d/de f(at + e direction) at e = 0; see `Context.jvp`."""
    if method == "finite_difference":
        return _difference(network, at, direction, cond, grad)

    def f(x: Tensor, t: Tensor, s: Tensor) -> Tensor:
        return network(x, t, s, cond, grad=grad)

    pair = torch.func.jvp(f, (at.x, at.t, at.s), (direction.x, direction.t, direction.s))
    return Derivative(value=pair[0], derivative=pair[1])


def _difference(
    network: SecantCall, at: Point, direction: Point, cond: Cond, grad: bool
) -> Derivative:
    """(f(at + e d) - f(at - e d)) / 2e with e EPSILON; a time may be e outside its range."""
    ahead, behind = (
        network(
            torch.add(at.x, direction.x, alpha=e),
            torch.add(at.t, direction.t, alpha=e),
            torch.add(at.s, direction.s, alpha=e),
            cond,
            grad=grad,
        )
        for e in (EPSILON, -EPSILON)
    )
    value = network(at.x, at.t, at.s, cond, grad=grad)
    return Derivative(value, (ahead - behind) / (2 * EPSILON))
