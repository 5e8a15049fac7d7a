"""`secant` with all N steps recorded as one CUDA graph: one launch a sample, not one a kernel."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from secantfw import Cond, Field, Solver, UserError
from secantfw_cuda.given import Given, joined
from secantfw_cuda.grid import Grid
from secantfw_cuda.kept import Kept
from secantfw_cuda.options import SecantGraphOptions
from secantfw_cuda.prepared import Prepared, prepare
from secantfw_cuda.recorded import Recorded
from secantfw_cuda.steps import sample
from secantfw_cuda.update import by_torch, update_for


class SecantGraph(Solver):
    """One evaluation a step. A graph is recorded for each field (and so for each guidance),
    shape, dtype and N, and replayed by the next solve. Gives no gradient.
    """

    requires = frozenset({"secant"})

    def __init__(self, options: SecantGraphOptions) -> None:
        if options.graph == "on" and not torch.cuda.is_available():
            raise UserError(
                "solver secant_graph: graph = 'on', and torch sees no CUDA device; "
                "graph = 'off' or 'auto' runs on the CPU"
            )
        self.options = options
        self._prepared: Kept[Prepared] = Kept(options.graphs)
        self._graphs: Kept[Recorded] = Kept(options.graphs)
        self._pool = torch.cuda.graph_pool_handle() if torch.cuda.is_available() else (0, 0)

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
        """x at time s, (B, *).

        Raises:
            UserError: graph = 'on' for an x that is not on a CUDA device.
        """
        given = Given(x, t, s, cond)
        key = Prepared.key(field, given, self.options.compile)
        ready = self._prepared.get(key, lambda: self._prepare(field, given))
        end = self._replayed if self._records(x) else self._called
        ends = [end(ready, part, steps) for part in given.parts(ready.rows or len(given))]
        field.nfe += steps * field.parts_nfe
        return joined(ends)

    def evaluations(self, steps: int) -> int:
        return steps

    def _prepare(self, field: Field, given: Given) -> Prepared:
        o = self.options
        compiled = o.compile != "none"
        update = by_torch if compiled else update_for(o.kernel, given.x.device)
        return prepare(field, given, o, update, o.compile)

    def _records(self, x: Tensor) -> bool:
        if self.options.graph == "on" and not x.is_cuda:
            raise UserError(f"solver secant_graph: graph = 'on' needs CUDA; x is on {x.device}")
        return self.options.graph != "off" and x.is_cuda

    def _called(self, ready: Prepared, given: Given, steps: int) -> Tensor:
        return sample(ready.step, Grid(ready.field.path, steps, self.options), given)

    def _replayed(self, ready: Prepared, given: Given, steps: int) -> Tensor:
        def record() -> Recorded:
            grid = Grid(ready.field.path, steps, self.options)
            return Recorded(partial(sample, ready.step, grid), given, self._pool)

        return self._graphs.get((ready, steps, *given.signature()), record)(given)
