"""Estimates of the secant by tangents of the teacher at K interior times of one trajectory.

    f(x_t, t, s) = E_r[v(x_r, r)]  ~  sum_k w_k v(x_{r_k}, r_k),     r ~ U[t, s]

x_r is the teacher's own point: its ODE is integrated from x_t to the nearest r, from there to the
next one, and so on, m steps of a solver each. K m steps that all began at x_t would cost as much
and be farther from the trajectory.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Cond, Context, Times


@attrs.frozen(eq=False)
class Tangents:
    """v(x_{r_k}, r_k) `value` (K, B, *) and the `weight` (K, B) of each, by distance from t."""

    value: Tensor
    weight: Tensor

    def mean(self) -> Tensor:
        """sum_k w_k v_k, the estimate of the secant, (B, *)."""
        axes = (1,) * (self.value.ndim - 2)
        return (self.weight.reshape(*self.weight.shape, *axes) * self.value).sum(0)


def tangents_along(ctx: Context, x_t: Tensor, times: Times, substeps: int, cond: Cond) -> Tangents:
    """The teacher's tangents at `times.r` (B, K) on its trajectory through x_t (B, *) at times.t.

    K tangents and K solves of `substeps` steps; no gradient.
    """
    r, weight = _by_distance(times)
    x, u, found = x_t, times.t, []
    for r_k in r.unbind(1):
        x, u = ctx.solve_teacher(x, u, r_k, substeps, cond), r_k
        found.append(ctx.teacher(x, u, cond))
    return Tangents(torch.stack(found), weight.T)


def _by_distance(times: Times) -> tuple[Tensor, Tensor]:
    """r and its weights (B, K), each row in the order in which t -> s passes its times."""
    if times.r.shape[1] == 1:
        return times.r, times.r_weight
    order = (times.r - times.t.unsqueeze(1)).abs().argsort(1)
    return times.r.gather(1, order), times.r_weight.gather(1, order)
