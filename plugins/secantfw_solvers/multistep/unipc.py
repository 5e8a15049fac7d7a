"""UniPC (arXiv:2302.04867): DPM-Solver++'s polynomial as predictor, and a corrector for nothing.

The evaluation m_{i+1} at the predicted x_{i+1} corrects it before the next step starts from there:

    x_{i+1}   = sigma'/sigma x^c_i + sum_j J-weights of m_i, m_{i-1}, ...           predictor
    x^c_{i+1} = the same with m_{i+1} among the nodes, at u = 1                     corrector

J_1 is replaced by B(h) / 2, B(h) = alpha' h (bh1) or alpha' (1 - e^{-h}) (bh2), where it is the only
moment: in the corrector of a first step and the predictor of order 2. The last point is not
corrected, which would take one more evaluation.
"""  # noqa: E501

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import attrs
import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, step_times
from secantfw_solvers.multistep.nodes import Linear, Nodes
from secantfw_solvers.multistep.weights import (
    chosen,
    earlier_nodes,
    exponential_moments,
    lagrange_weights,
    step_orders,
)
from secantfw_solvers.options import UniPCOptions
from secantfw_solvers.per_step import per_step


@attrs.frozen(eq=False)
class Plan:
    """x' = a x + b v + ratio d + sum_j predictor_j m_{i-j}, and d' = sum_j corrector_j m_{i+1-j},
    d = x^c - x. Each is one tensor (B, 1, ...) a step.
    """

    times: Sequence[Tensor]
    m: tuple[Sequence[Tensor], Sequence[Tensor]]  # p, q of m = p x + q v
    step: tuple[Sequence[Tensor], Sequence[Tensor]]  # a, b less what belongs to m_i
    ratio: Sequence[Tensor]
    predictor: list[Sequence[Tensor]]  # of m_{i-1}, ...
    corrector: list[Sequence[Tensor]]  # of m_{i+1}, m_i, ...


class UniPC(Solver):
    """One evaluation a step."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "order": (2, 3),
        "variant": ("bh1", "bh2"),
        "lower_order_final": (True, False),
    }

    order = 2

    def __init__(self, options: UniPCOptions) -> None:
        self.options = options

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
        nodes = Nodes.on(field.path, step_times(field.path, t, s, steps, self.options))
        return integrate(field, x, cond, self.plan(nodes, t, x))

    def plan(self, nodes: Nodes, t: Tensor, x: Tensor) -> Plan:
        """Of any grid."""
        o = self.options
        orders = step_orders(nodes.log_snr, o.order, o.lower_order_final)
        predictor, corrector = self._weights(nodes, orders)
        data, step, total = nodes.data(), nodes.fixed_step(), sum(predictor)
        here = Linear(data.p[:-1], data.q[:-1])
        # d' = sum_j (corrector_j - predictor_j) (m_{i-j} - m_i) + corrector_ahead (m_{i+1} - m_i)
        ahead, *earlier = corrector
        change = [c - p for c, p in zip(earlier, predictor, strict=True)]
        terms = [ahead, -ahead - sum(change), *change]
        sigma = nodes.sigma[:-1]
        ratio = torch.where(sigma > 0, nodes.sigma[1:] / sigma, 0.0)
        return Plan(
            nodes.t.to(t.dtype).unbind(0),
            (per_step(here.p, x), per_step(here.q, x)),
            (per_step(step.p - total * here.p, x), per_step(step.q - total * here.q, x)),
            per_step(ratio, x),
            [per_step(weight, x) for weight in predictor],
            [per_step(term, x) for term in terms],
        )

    def _weights(self, nodes: Nodes, orders: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """w_1, ... of the predictor; of the corrector, that of the node ahead comes first."""
        o, h = self.options, nodes.log_snr.diff(dim=0)
        earlier = earlier_nodes(nodes.log_snr, o.order - 1)
        exact = exponential_moments(nodes.alpha[1:], h, o.order)
        only = [(exact[0] if o.variant == "bh2" else nodes.alpha[1:] * h) / 2]

        def predictor(k: int) -> list[Tensor]:
            return lagrange_weights(earlier[: k - 1], only if k == 2 else exact[1:k])

        def corrector(k: int) -> list[Tensor]:
            known = [torch.ones_like(h), *earlier[: k - 1]]
            return lagrange_weights(known, only if k == 1 else exact[1 : k + 1])

        corrected = chosen(orders + 1, o.order + 1, lambda k: corrector(k - 1))
        finite = h.isfinite() & (h != 0)
        return chosen(orders, o.order, predictor), [torch.where(finite, w, 0) for w in corrected]

    def evaluations(self, steps: int) -> int:
        return steps


def integrate(field: Field, x: Tensor, cond: Cond, plan: Plan) -> Tensor:
    """x (B, *) at the last time."""
    history: deque[Tensor] = deque(maxlen=len(plan.corrector))
    for i, now in enumerate(plan.times[:-1]):
        v = field.tangent(x, now, cond)
        history.appendleft(torch.addcmul(plan.m[0][i] * x, plan.m[1][i], v))
        predicted = torch.addcmul(plan.step[0][i] * x, plan.step[1][i], v)
        if i:
            d = plan.corrector[0][i - 1] * history[0]
            for term, m in zip(plan.corrector[1:], list(history)[1:], strict=False):
                d = torch.addcmul(d, term[i - 1], m)
            predicted = torch.addcmul(predicted, plan.ratio[i], d)
        for weight, m in zip(plan.predictor, list(history)[1:], strict=False):
            predicted = torch.addcmul(predicted, weight[i], m)
        x = predicted
    return x
