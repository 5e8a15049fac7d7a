"""iPNDM (arXiv:2204.13902, after PNDM, arXiv:2202.09778): DDIM's step along a mean of noises.

    z = (3 z_i - z_{i-1}) / 2,  (23 z_i - 16 z_{i-1} + 5 z_{i-2}) / 12,
        (55 z_i - 59 z_{i-1} + 37 z_{i-2} - 9 z_{i-3}) / 24,
    x' = a x + b v + (sigma' - alpha' sigma / alpha) (z - z_i)

These are the weights of Adams and Bashforth for equal steps, whatever the steps are. The order is 2 at
most: the first step has nothing to combine with.
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor

from secantfw import Path
from secantfw_solvers.multistep.along_grid import AlongGrid
from secantfw_solvers.multistep.linear import Plan, prediction_plan
from secantfw_solvers.multistep.nodes import Nodes
from secantfw_solvers.multistep.weights import chosen, step_orders
from secantfw_solvers.options import IPNDMOptions

#: Of z_{i-1}, z_{i-2}, ...; that of z_i is 1 less their sum.
_EARLIER = {
    2: (-1 / 2,),
    3: (-16 / 12, 5 / 12),
    4: (-59 / 24, 37 / 24, -9 / 24),
}


class IPNDM(AlongGrid[IPNDMOptions]):
    """One evaluation a step."""

    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {"order": (2, 3, 4)}

    def plan(self, path: Path, nodes: Nodes, t: Tensor, x: Tensor) -> Plan:
        order = self.options.order
        gain = nodes.sigma[1:] - nodes.alpha[1:] * nodes.sigma[:-1] / nodes.alpha[:-1]
        weights = chosen(
            step_orders(nodes.t, order, lower_order_final=False),
            order,
            lambda k: [share * gain for share in _EARLIER[k]],
        )
        return prediction_plan(nodes, nodes.noise(), weights, t, x)
