"""Linear multistep:  x_{i+1} = sum_j (P_ij x_{i-j} + Q_ij v_{i-j}),  j = 0, ..., k - 1.

Every method here comes down to this, with weights that are known before the first evaluation:
2k multiply-adds a step, k where the P of earlier points are 0.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import attrs
import torch
from torch import Tensor

from secantfw import Cond, Field
from secantfw_solvers.multistep.nodes import Linear, Nodes
from secantfw_solvers.per_step import per_step


@attrs.frozen(eq=False)
class Plan:
    """`times` N + 1 of (B,), in the dtype of t; `p[j][i]`, `q[j][i]` (B, 1, ...) in that of x.

    Without `p`, P_i0 = 1 and the others are 0.
    """

    times: Sequence[Tensor]
    q: Sequence[Sequence[Tensor]]
    p: Sequence[Sequence[Tensor]] | None = None


def prediction_plan(
    nodes: Nodes, prediction: Linear, weights: Sequence[Tensor], t: Tensor, x: Tensor
) -> Plan:
    """x' = a x + b v + sum_j w_j (m_{i-j} - m_i) with m = p x + q v, `prediction` (N + 1, B), and
    w_1, ... `weights` (N, B).
    """
    step, total = nodes.fixed_step(), torch.zeros_like(nodes.t[:-1])
    p, q = [], []
    number = torch.arange(len(total), device=total.device)
    for j, weight in enumerate(weights, 1):
        earlier = (number - j).clamp(min=0)
        p.append(weight * prediction.p[earlier])
        q.append(weight * prediction.q[earlier])
        total = total + weight
    p.insert(0, step.p - total * prediction.p[:-1])
    q.insert(0, step.q - total * prediction.q[:-1])
    return Plan(
        nodes.t.to(t.dtype).unbind(0), [per_step(w, x) for w in q], [per_step(w, x) for w in p]
    )


def integrate(field: Field, x: Tensor, cond: Cond, plan: Plan) -> Tensor:
    """x (B, *) at the last time."""
    history: deque[tuple[Tensor, Tensor]] = deque(maxlen=len(plan.q))
    for i, now in enumerate(plan.times[:-1]):
        history.appendleft((x, field.tangent(x, now, cond)))
        x = combined(plan, i, history)
    return x


def combined(plan: Plan, i: int, history: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
    """x_{i+1} (B, *), from the (x, v) of the newest nodes first."""
    x = history[0][0] if plan.p is None else plan.p[0][i] * history[0][0]
    for j, (x_j, v_j) in enumerate(history):
        if plan.p is not None and j:
            x = torch.addcmul(x, plan.p[j][i], x_j)
        x = torch.addcmul(x, plan.q[j][i], v_j)
    return x
