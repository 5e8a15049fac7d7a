"""DEIS (arXiv:2204.13902): noise as a polynomial, in t (tAB) or in ln rho, rho = sigma / alpha.

    x' = alpha' (x / alpha + int_rho^rho' z d rho)

tAB integrates d rho / dt = W / alpha^2 by Gauss-Legendre. The first step has nothing to combine
with, so that the order is 2 at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from secantfw import Path
from secantfw_solvers.multistep.along_grid import AlongGrid
from secantfw_solvers.multistep.linear import Plan, prediction_plan
from secantfw_solvers.multistep.nodes import Nodes
from secantfw_solvers.multistep.weights import (
    chosen,
    earlier_nodes,
    exponential_moments,
    gauss_legendre,
    lagrange_weights,
    step_orders,
)
from secantfw_solvers.options import DEISOptions

_QUADRATURE = 16


class DEIS(AlongGrid[DEISOptions]):
    """One evaluation a step."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "order": (2, 3),
        "polynomial": ("t", "log_rho"),
        "lower_order_final": (True, False),
    }

    def plan(self, path: Path, nodes: Nodes, t: Tensor, x: Tensor) -> Plan:
        o, level = self.options, -nodes.log_snr
        if o.polynomial == "t":
            clock, moments = nodes.t, _moments_in_t(path, nodes, o.order - 1)
        else:
            clock = level
            moments = exponential_moments(nodes.sigma[1:], level.diff(dim=0), o.order - 1)[1:]
        earlier = earlier_nodes(clock, o.order - 1)
        weights = chosen(
            step_orders(clock, o.order, o.lower_order_final),
            o.order,
            lambda k: lagrange_weights(earlier[: k - 1], moments[: k - 1]),
        )
        return prediction_plan(nodes, nodes.noise(), weights, t, x)


def _moments_in_t(path: Path, nodes: Nodes, count: int) -> list[Tensor]:
    """J_n = alpha' int (d rho / dt) u^n dt over each step, n = 1, ..., count; (N, B) each."""
    h, moments = nodes.t.diff(dim=0), [torch.zeros_like(nodes.t[:-1]) for _ in range(count)]
    for u, share in zip(*gauss_legendre(_QUADRATURE), strict=True):
        inner = Nodes.on(path, torch.lerp(nodes.t[:-1], nodes.t[1:], u))
        slope = nodes.alpha[1:] * h * share * inner.w / inner.alpha**2
        moments = [m + slope * u**n for n, m in enumerate(moments, 1)]
    return moments
