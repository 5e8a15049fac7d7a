"""How exactly losses integrate the teacher, and the multiple of their steps that a tolerance asks for.

A loss asks `ctx.solve_teacher` for a solve in n steps. The error of k n steps is estimated as that of
the evaluation's reference solution (`evaluation/reference.py`), on the points and times that the loss
itself asks for on a few rows of the first batch: the same on every process, and after a resume.
"""  # noqa: E501

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import attrs
import torch
from torch import Tensor

from secantfw.assembly.build import Built
from secantfw.parallel.context import RunContext, TeacherSolve
from secantfw.sampling.reference import doubled
from secantfw.training.batches import BatchSource

_ROWS = 16
_MOST = 64  # times the steps that the loss asks for


@attrs.frozen
class TeacherSteps:
    """`multiple` of the loss's own steps; `error` mean squared, a number of x; None: no order."""

    multiple: int
    error: float | None
    tolerance: float | None

    def text(self, solver: str) -> str:
        """`basics:midpoint, 4 times the loss's steps, error 3.1e-06 (tolerance 1e-05)`."""
        times = "" if self.multiple == 1 else f", {self.multiple} times the loss's steps"
        error = "" if self.error is None else f", error {self.error:.1e}"
        limit = "" if self.tolerance is None else f" (tolerance {self.tolerance:g})"
        missed = self.error is not None and self.error > (self.tolerance or self.error)
        return f"{solver}{times}{error}{limit}{', missed' if missed else ''}"


def choose_teacher_steps(built: Built, ctx: RunContext, source: BatchSource) -> TeacherSteps:
    """Sets `ctx.solve_multiple`: 1, or the least power of two within `train.teacher_tolerance`."""
    tolerance = built.experiment.train.teacher_tolerance
    solves, order = _asked(built, ctx, source), ctx.teacher_solver.order
    if order is None or ctx.teacher_solver.adaptive:
        return TeacherSteps(1, None, tolerance)
    limit = math.inf if tolerance is None else tolerance
    with ctx.recording():  # so that nothing is counted
        found = doubled(partial(_ends, ctx, solves), 1, _MOST, limit, order)
    ctx.solve_multiple = found.steps
    return TeacherSteps(found.steps, found.error, tolerance)


@torch.no_grad()
def _asked(built: Built, ctx: RunContext, source: BatchSource) -> list[TeacherSolve]:
    """What the loss asks for on a few rows of the first batch; nothing is counted."""
    need, rng = built.loss.times_needed(), source.streams.at("times", 0)
    times = built.time_sampler.sample(_ROWS, need, built.path, rng, 0.0)
    with ctx.recording() as solves:
        built.loss(ctx, source.few(_ROWS).batch(0), times)
    return solves


@torch.no_grad()
def _ends(ctx: RunContext, solves: Sequence[TeacherSolve], multiple: int) -> Tensor:
    ends = [ctx.integrate(attrs.evolve(one, steps=one.steps * multiple)) for one in solves]
    return torch.cat(ends)
