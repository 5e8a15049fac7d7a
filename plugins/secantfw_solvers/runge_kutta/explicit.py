"""Explicit Runge-Kutta methods.

midpoint   k_2 = v(x + h/2 k_1, t + h/2),                              x' = x + h k_2
heun3      k_2 = v(x + h/3 k_1, t + h/3),  k_3 = v(x + 2h/3 k_2, t + 2h/3),
                                                    x' = x + h/4 (k_1 + 3 k_3)
rk4        k_2 = v(x + h/2 k_1, t + h/2),  k_3 = v(x + h/2 k_2, t + h/2),
           k_4 = v(x + h k_3, t + h),                x' = x + h/6 (k_1 + 2 k_2 + 2 k_3 + k_4)

The coefficients of Runge (Math. Ann. 46, 1895), Heun (Z. Math. Phys. 45, 1900) and Kutta (Z. Math.
Phys. 46, 1901). The midpoint rule is here to start Adams-Bashforth; its solver is in `basics`.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import torch
from torch import Tensor

from secantfw import Cond, Field
from secantfw_solvers.per_step import per_step


@attrs.frozen
class Tableau:
    """Stage j asks at the share `c[j]` of a step, a[j] h along the stage before; `b` sum to 1."""

    c: tuple[float, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]


MIDPOINT = Tableau((0.5,), (0.5,), (0.0, 1.0))
HEUN = Tableau((1 / 3, 2 / 3), (1 / 3, 2 / 3), (1 / 4, 0.0, 3 / 4))
CLASSICAL = Tableau((0.5, 0.5, 1.0), (0.5, 0.5, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6))


def stage_times(times: Tensor, tableau: Tableau, dtype: torch.dtype) -> list[Sequence[Tensor]]:
    """Of times (N + 1, B) float64: for each stage after the first, N of (B,)."""
    return [torch.lerp(times[:-1], times[1:], c).to(dtype).unbind(0) for c in tableau.c]


def step(
    field: Field,
    x: Tensor,
    v: Tensor,
    width: Tensor,
    stages: Sequence[Tensor],
    tableau: Tableau,
    cond: Cond,
) -> Tensor:
    """x' (B, *) from x and its tangent v, over `width` (B, 1, ...), asking at times `stages`."""
    k, total = v, x
    for j, now in enumerate(stages):
        if tableau.b[j]:
            total = torch.addcmul(total, width, k, value=tableau.b[j])
        k = field.tangent(torch.addcmul(x, width, k, value=tableau.a[j]), now, cond)
    return torch.addcmul(total, width, k, value=tableau.b[-1])


def integrate(
    field: Field, x: Tensor, dtype: torch.dtype, times: Tensor, tableau: Tableau, cond: Cond
) -> Tensor:
    """x (B, *) at the last of `times` (N + 1, B) float64, which the field is given as `dtype`."""
    asked, between = times.to(dtype).unbind(0), stage_times(times, tableau, dtype)
    for i, width in enumerate(per_step(times.diff(dim=0), x)):
        v = field.tangent(x, asked[i], cond)
        x = step(field, x, v, width, [stage[i] for stage in between], tableau, cond)
    return x
