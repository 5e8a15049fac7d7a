"""`secant` with its step, network and guidance and update, compiled by torch.compile."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver
from secantfw_cuda.given import Given, joined
from secantfw_cuda.grid import Grid
from secantfw_cuda.kept import Kept
from secantfw_cuda.options import SecantCompiledOptions
from secantfw_cuda.prepared import Prepared, prepare
from secantfw_cuda.steps import sample
from secantfw_cuda.update import by_torch

_KEPT = 16  # compiled steps, one for each field and shape


class SecantCompiled(Solver):
    """One evaluation a step, one graph without breaks for each shape. Gives no gradient."""

    requires = frozenset({"secant"})

    def __init__(self, options: SecantCompiledOptions) -> None:
        self.options = options
        self._prepared: Kept[Prepared] = Kept(_KEPT)

    @torch.no_grad()
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
        given, o = Given(x, t, s, cond), self.options
        grid = Grid(field.path, steps, o)
        key = Prepared.key(field, given, o.backend)
        ready = self._prepared.get(key, lambda: prepare(field, given, o, by_torch, o.backend))
        parts = given.parts(ready.rows or len(given))
        ends = [sample(ready.step, grid, part) for part in parts]
        field.nfe += steps * field.parts_nfe
        return joined(ends)

    def evaluations(self, steps: int) -> int:
        return steps
