"""A multistep method that is a plan of weights: the part which does not depend on the weights."""

from __future__ import annotations

import abc
from typing import Generic, TypeVar

import torch
from torch import Tensor

from secantfw import Cond, Field, Path, Solver, step_times
from secantfw_solvers.multistep.linear import Plan, integrate
from secantfw_solvers.multistep.nodes import Nodes
from secantfw_solvers.options import DEISOptions, DPMSolverPPOptions, IPNDMOptions

Options = TypeVar("Options", DEISOptions, DPMSolverPPOptions, IPNDMOptions)


class AlongGrid(Solver, Generic[Options]):
    """One evaluation a step, combined with those of earlier steps as `plan` says.

    The first step has nothing to combine with, so that the order is 2 at most.
    """

    order = 2

    def __init__(self, options: Options) -> None:
        self.options: Options = options
        self.order = min(options.order, 2)

    @abc.abstractmethod
    def plan(self, path: Path, nodes: Nodes, t: Tensor, x: Tensor) -> Plan:
        """The weights on any grid, for x (B, *) at time t (B,)."""

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
        return integrate(field, x, cond, self.plan(field.path, nodes, t, x))

    def evaluations(self, steps: int) -> int:
        return steps
