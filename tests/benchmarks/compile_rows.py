"""P10: student, teacher, loss and sampler are one graph each, and stay the graph they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from figures import Figure
from small_sit import LOSSES, Parts, experiment
from torch import Tensor
from torch._dynamo.utils import counters

from secantfw import Batch, Cond, Times
from secantfw.assembly.build import Built
from secantfw.runtime.randomness import Streams
from secantfw.sampling.field import CountedField

_WARM_UP, _CALLS = 2, 5


def graphs_made(
    call: Callable[..., Any], inputs: Callable[[int], tuple[Any, ...]], backend: str = "eager"
) -> int:
    """Graphs of `call(*inputs(step))` made after step 2, with fullgraph: a break is an error.

    A counter of evaluations is a number in the first graph and a variable from the second on.

    Raises:
        torch._dynamo.exc.Unsupported: it does not become one graph.
    """
    torch._dynamo.reset()
    compiled = torch.compile(call, backend=backend, fullgraph=True)
    for step in range(_WARM_UP):
        _backward(compiled(*inputs(step)))
    before = counters["stats"]["unique_graphs"]
    for step in range(_WARM_UP, _CALLS):
        _backward(compiled(*inputs(step)))
    return int(counters["stats"]["unique_graphs"] - before)


def _backward(found: Tensor) -> None:
    if found.requires_grad:
        found.mean().backward()


def parts_of(folder: Path, loss: str, guided: bool) -> Parts:
    return Parts(
        experiment(folder, loss, guided), torch.device("cpu"), Streams(0, torch.device("cpu"))
    )


def of_loss(parts: Parts) -> int:
    """Of the whole loss, its draws made outside as in a run."""
    built, need = parts.built, parts.built.loss.times_needed()

    def inputs(step: int) -> tuple[Batch, Times]:
        rng = parts.streams.at("times", step)
        times = built.time_sampler.sample(8, need, built.path, rng, 0.0)
        return parts.source.batch(step), times

    return graphs_made(lambda batch, t: built.loss(parts.ctx, batch, t).per_sample, inputs)


def of_sampler(built: Built, x: Tensor, cond: Cond) -> int:
    """Of four steps of the run's solver from noise to data."""
    field = CountedField(built.path, built.student, has_secants=True)
    ones, zeros = torch.ones(len(x)), torch.zeros(len(x))

    def sample(z: Tensor) -> Tensor:
        return built.solver.solve(field, z, ones, zeros, 4, cond)

    with torch.no_grad():
        return graphs_made(sample, lambda step: (x + step,))


def p10() -> list[Figure]:
    """Recompilations after step 2; a graph break in any of them is an error."""
    x, label, t = torch.randn(8, 1, 16, 16), torch.arange(8), torch.rand(_CALLS, 8)
    cond = Cond(label, torch.full((8,), 1.5))
    with tempfile.TemporaryDirectory() as folder:
        all_parts = [parts_of(Path(folder), loss, g) for loss in LOSSES for g in (True, False)]
        one = all_parts[0].built
        found = {
            "student": graphs_made(
                lambda t, s: one.student(x, t, s, cond), lambda n: (t[n], t[n] / 2)
            ),
            "teacher": graphs_made(
                lambda t: one.teacher.velocity(x, t, Cond(label)), lambda n: (t[n],)
            ),
            "four losses x guidance": sum(map(of_loss, all_parts)),
            "sampler": of_sampler(one, x, cond),
        }
    said = "one graph, recompiled after step 2"
    return [Figure("P10", f"{said}: {what}", n, "", 0) for what, n in found.items()]
