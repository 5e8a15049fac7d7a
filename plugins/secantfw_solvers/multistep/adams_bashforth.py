"""Adams-Bashforth:  x_{i+1} = x_i + int v dt, v the polynomial through the last k tangents.

The weights are those of the grid's own steps. The first k - 1 steps are Runge-Kutta's, of order k - 1
at least, so that order k is kept: of orders 3 and 4 they are the midpoint rule and the classical method.
(Bashforth and Adams 1883; Hairer, Norsett, Wanner, Solving ODEs I, chapter III.1, III.5.)
"""  # noqa: E501

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, step_times
from secantfw_solvers.multistep.linear import Plan, combined
from secantfw_solvers.multistep.weights import (
    chosen,
    earlier_nodes,
    lagrange_weights,
    step_orders,
)
from secantfw_solvers.options import AdamsBashforthOptions
from secantfw_solvers.per_step import per_step
from secantfw_solvers.runge_kutta.explicit import CLASSICAL, MIDPOINT, stage_times, step

_STARTS = {3: MIDPOINT, 4: CLASSICAL}


class AdamsBashforth(Solver):
    """One evaluation a step, after a start that takes 2 (order 3) or 9 (order 4) more."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {"order": (2, 3, 4)}

    order = 2

    def __init__(self, options: AdamsBashforthOptions) -> None:
        self.options = options
        self.order = options.order

    def solve(
        self,
        field: Field,
        x: Tensor,
        t: Tensor,
        s: Tensor,
        steps: int,
        cond: Cond,
        rng: torch.Generator | None = None,
    ) -> Tensor:
        """x at time s, (B, *)."""
        times = step_times(field.path, t, s, steps, self.options)
        plan, width = self.plan(times, t, x), per_step(times.diff(dim=0), x)
        start = _STARTS.get(self.options.order)
        between = stage_times(times, start, t.dtype) if start else []
        history: deque[tuple[Tensor, Tensor]] = deque(maxlen=self.options.order)
        for i, now in enumerate(plan.times[:-1]):
            v = field.tangent(x, now, cond)
            history.appendleft((x, v))
            if start and i < self.options.order - 1:
                x = step(field, x, v, width[i], [stage[i] for stage in between], start, cond)
            else:
                x = combined(plan, i, history)
        return x

    def plan(self, times: Tensor, t: Tensor, x: Tensor) -> Plan:
        """Of any grid (N + 1, B)."""
        order, h = self.options.order, times.diff(dim=0)
        earlier = earlier_nodes(times, order - 1)
        weights = chosen(
            step_orders(times, order, lower_order_final=False),
            order,
            lambda k: lagrange_weights(earlier[: k - 1], [h / (n + 1) for n in range(1, k)]),
        )
        q = [h - sum(weights), *weights]
        return Plan(times.to(t.dtype).unbind(0), [per_step(weight, x) for weight in q])

    def evaluations(self, steps: int) -> int:
        start = _STARTS.get(self.options.order)
        more = len(start.c) * min(steps, self.options.order - 1) if start else 0
        return steps + more
