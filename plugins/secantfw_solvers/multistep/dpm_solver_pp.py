"""DPM-Solver++ (arXiv:2211.01095): data as a polynomial in lambda = ln(alpha / sigma).

    x' = sigma'/sigma x + sigma' int_lambda^lambda' e^l x_0(l) dl

1S   x_0 is constant: DDIM
2M   x_0 is linear, the moment J_1 of its slope replaced by J_0 / 2
3M   x_0 is quadratic; the published code counts half of the quadratic term, and so does this

The first step has nothing to combine with, so that the order is 2 at most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from secantfw import Path
from secantfw_solvers.multistep.along_grid import AlongGrid
from secantfw_solvers.multistep.linear import Plan, prediction_plan
from secantfw_solvers.multistep.nodes import Nodes
from secantfw_solvers.multistep.weights import (
    chosen,
    earlier_nodes,
    exponential_moments,
    lagrange_weights,
    step_orders,
)
from secantfw_solvers.options import DPMSolverPPOptions


class DPMSolverPP(AlongGrid[DPMSolverPPOptions]):
    """One evaluation a step."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {
        "order": (1, 2, 3),
        "lower_order_final": (True, False),
    }

    def plan(self, path: Path, nodes: Nodes, t: Tensor, x: Tensor) -> Plan:
        o, clock = self.options, nodes.log_snr
        earlier = earlier_nodes(clock, o.order - 1)
        j_0, j_1, j_2 = exponential_moments(nodes.alpha[1:], clock.diff(dim=0), 2)
        moments = {2: [j_0 / 2], 3: [j_1, j_2 / 2]}
        weights = chosen(
            step_orders(clock, o.order, o.lower_order_final),
            o.order,
            lambda k: lagrange_weights(earlier[: k - 1], moments[k]),
        )
        return prediction_plan(nodes, nodes.data(), weights, t, x)
