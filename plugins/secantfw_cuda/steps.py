"""The N steps of a sample as one function of tensors, which can be compiled or recorded."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from secantfw import Cond, Field, UserError
from secantfw_cuda.given import Given
from secantfw_cuda.grid import Grid
from secantfw_cuda.options import Backend, Precision
from secantfw_cuda.update import Update

#: (x, t, s, width, cond) -> x at s
Step = Callable[[Tensor, Tensor, Tensor, Tensor, Cond], Tensor]


def step_of(field: Field, update: Update, precision: Precision) -> Step:
    """x + (s - t) f(x, t, s), its network under autocast where `precision` says so.

    With "bf16" the weights are cast once, now.
    """
    if precision == "bf16":
        field = field.cast_once(torch.bfloat16)

    def step(x: Tensor, t: Tensor, s: Tensor, width: Tensor, cond: Cond) -> Tensor:
        if precision == "fp32":
            return update(x, width, field.secant_parts(x, t, s, cond))
        # Autocast's cache would die with this region, under a graph that still reads it.
        with torch.autocast(x.device.type, torch.bfloat16, cache_enabled=False):
            parts = field.secant_parts(x, t, s, cond)
        return update(x, width, parts)

    return step


def sample(step: Step, grid: Grid, given: Given) -> Tensor:
    """x at time s, (B, *)."""
    x, times = given.x, grid.times(given)
    widths = times.diff(dim=0).to(x.dtype).unbind(0)
    ends = times.to(given.t.dtype).unbind(0)
    for i, width in enumerate(widths):
        x = step(x, ends[i], ends[i + 1], width, given.cond)
    return x


def compiled(step: Any, backend: Backend, fullgraph: bool) -> Step:
    """`step` by torch.compile, of a code object of its own: torch.compile keeps what it made by
    code object and gives up after 8, which fields and shapes that come and go would reach.

    The result raises UserError where the network does not compile as one graph and should.
    """
    own: Any = types.FunctionType(
        step.__code__.replace(), step.__globals__, step.__name__, None, step.__closure__
    )
    inner: Any = torch.compile(own, fullgraph=fullgraph, dynamic=False, backend=backend)

    def call(x: Tensor, t: Tensor, s: Tensor, width: Tensor, cond: Cond) -> Tensor:
        try:
            return inner(x, t, s, width, cond)  # type: ignore[no-any-return]
        except torch._dynamo.exc.Unsupported as error:
            said = str(error).splitlines()[0]
            raise UserError(
                f"the network is not one graph to torch.compile ({said}); allow fullgraph = false"
            ) from error

    return call
