"""Weights of earlier evaluations m_1, m_2, ... in a step of the clock c from c_i to c_i + h.

With u = (c - c_i) / h, nodes u_j = (c_{i-j} - c_i) / h, u_0 = 0, and moments J_n = int g(u) u^n du
over [0, 1], the polynomial through the nodes has

    int g(u) m(u) du = J_0 m_0 + sum_j w_j (m_j - m_0),    w_j = int g(u) L_j(u) du

Shapes: all (N, B), a row of the batch in each column, for the step i = 0..N-1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

#: Stands for an infinite value of a clock among the nodes: its polynomial's weight vanishes.
_FAR = 1e4


def lagrange_weights(nodes: Sequence[Tensor], moments: Sequence[Tensor]) -> list[Tensor]:
    """w_j of the nodes u_1, ..., u_m from J_1, ..., J_m.

    L_j(u) = u prod_k (u - u_k) / (u_j prod_k (u_j - u_k)) over the k other than j.
    """
    found = []
    for j, node in enumerate(nodes):
        powers, below = [torch.ones_like(node)], node
        for other in (*nodes[:j], *nodes[j + 1 :]):
            raised = [torch.zeros_like(node), *powers]
            powers = [a - other * b for a, b in zip(raised, [*powers, 0 * node], strict=True)]
            below = below * (node - other)
        found.append(sum(c * m for c, m in zip(powers, moments, strict=True)) / below)
    return found


def exponential_moments(gain: Tensor, h: Tensor, count: int) -> list[Tensor]:
    """J_0, ..., J_count of g(u) = gain h e^{-h (1 - u)}, by parts: J_n = gain - n J_{n-1} / h."""
    moments = [-gain * torch.expm1(-h)]
    for n in range(1, count + 1):
        moments.append(gain - n * moments[-1] / h)
    return moments


def earlier_nodes(clock: Tensor, count: int) -> list[Tensor]:
    """u_1, ..., u_count (N, B) of a clock (N + 1, B); before the first step they mean nothing."""
    near = clock.clamp(-_FAR, _FAR)
    step = torch.arange(len(clock) - 1, device=clock.device)
    return [
        (near[(step - j).clamp(min=0)] - near[:-1]) / near.diff(dim=0) for j in range(1, count + 1)
    ]


def step_orders(clock: Tensor, order: int, lower_order_final: bool) -> Tensor:
    """How many evaluations each step combines, (N, B): no more than there are, one for a step
    from or to infinity, and k in the k-th last step if `lower_order_final`.
    """
    steps = len(clock) - 1
    number = torch.arange(steps, device=clock.device)
    orders = (number + 1).clamp(max=order)
    if lower_order_final:
        orders = torch.minimum(orders, steps - number)
    h = clock.diff(dim=0)
    return torch.where(h.isfinite() & (h != 0), orders.unsqueeze(1), 1)


def chosen(
    orders: Tensor, order: int, weights_of: Callable[[int], Sequence[Tensor]]
) -> list[Tensor]:
    """w_1, ..., w_{order - 1} (N, B), of each step's own order; what it does not use is 0."""
    found = [torch.zeros_like(orders, dtype=torch.float64) for _ in range(order - 1)]
    for k in range(2, order + 1):
        for j, weight in enumerate(weights_of(k)):
            found[j] = torch.where(orders == k, weight, found[j])
    return found


def gauss_legendre(count: int) -> tuple[list[float], list[float]]:
    """Nodes in [0, 1] and weights that sum to 1."""
    nodes, weights = [], []
    for i in range(count):
        x = math.cos(math.pi * (i + 0.75) / (count + 0.5))
        for _ in range(20):
            p, slope = _legendre(count, x)
            x -= p / slope
        nodes.append((1 + x) / 2)
        weights.append(1 / ((1 - x * x) * _legendre(count, x)[1] ** 2))
    return nodes, weights


def _legendre(degree: int, x: float) -> tuple[float, float]:
    """P_degree(x) and its derivative."""
    before, now = 1.0, x
    for k in range(2, degree + 1):
        before, now = now, ((2 * k - 1) * x * now - (k - 1) * before) / k
    return now, degree * (x * now - before) / (x * x - 1)
