"""P10: student, teacher, loss and sampler are one graph each, and stay the graph they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from figures import Figure
from secantfw_basics.solvers.grid import Grid
from small_sit import LOSSES, Parts, experiment
from torch._dynamo.utils import counters

from secantfw import Cond
from secantfw.sampling.field import CountedField
from secantfw.training.compiled import trace_records
from secantfw.training.randomness import Streams

_WARM_UP, _CALLS = 2, 5


def graphs_made(call: Callable[[int], Any], backend: str = "eager") -> int:
    """Graphs of `call(step)` made after step 2, with fullgraph: a break is an error.

    Raises:
        torch._dynamo.exc.Unsupported: it does not become one graph.
    """
    torch._dynamo.reset()
    compiled = torch.compile(call, backend=backend, fullgraph=True, dynamic=False)
    for step in range(_WARM_UP):
        compiled(step)
    before = counters["stats"]["unique_graphs"]
    for step in range(_WARM_UP, _CALLS):
        compiled(step)
    return int(counters["stats"]["unique_graphs"] - before)


def parts_of(folder: Path, loss: str, guided: bool) -> Parts:
    return Parts(
        experiment(folder, loss, guided), torch.device("cpu"), Streams(0, torch.device("cpu"))
    )


def loss_call(parts: Parts) -> Callable[[Any, Any], Any]:
    """batch, times -> the loss of each row."""
    return lambda batch, times: parts.built.loss(parts.ctx, batch, times).per_sample


def recompiles_of_loss(parts: Parts) -> int:
    """Of the whole loss, its draws made outside as in a run."""
    built, need = parts.built, parts.built.loss.times_needed()

    def inputs(step: int):
        rng = parts.streams.at("times", step)
        times = built.time_sampler.sample(8, need, built.path, rng, 0.0)
        return parts.source.batch(step), times

    torch._dynamo.reset()
    trace_records()
    compiled = torch.compile(loss_call(parts), backend="eager", fullgraph=True, dynamic=False)
    for step in range(_WARM_UP):
        compiled(*inputs(step)).mean().backward()
    before = counters["stats"]["unique_graphs"]
    for step in range(_WARM_UP, _CALLS):
        compiled(*inputs(step)).mean().backward()
    return int(counters["stats"]["unique_graphs"] - before)


def p10() -> list[Figure]:
    """Recompilations after step 2; a graph break in any of them is an error."""
    with tempfile.TemporaryDirectory() as folder:
        guided = [parts_of(Path(folder), loss, True) for loss in LOSSES]
        plain = [parts_of(Path(folder), loss, False) for loss in LOSSES]
        losses = sum(recompiles_of_loss(parts) for parts in (*guided, *plain))
        one = guided[0].built
        x, label = torch.randn(8, 1, 16, 16), torch.arange(8)
        t = torch.rand(_CALLS, 8)
        cond = Cond(label, torch.full((8,), 1.5))
        student = graphs_made(lambda step: one.student(x, t[step], t[step] / 2, cond))
        teacher = graphs_made(lambda step: one.teacher.velocity(x, t[step], Cond(label)))
        field = CountedField(one.path, one.student, has_secants=True)

        def sample(step: int):
            return one.solver.solve(field, x, torch.ones(8), torch.zeros(8), 4, cond)

        trace_records(Grid)
        with torch.no_grad():
            sampler = graphs_made(sample)
    return [
        Figure("P10", "one graph, recompiled after step 2: student", student, "", 0),
        Figure("P10", "one graph, recompiled after step 2: teacher", teacher, "", 0),
        Figure("P10", "one graph, recompiled after step 2: four losses x guidance", losses, "", 0),
        Figure("P10", "one graph, recompiled after step 2: sampler", sampler, "", 0),
    ]
