"""A picture of the student's steps over the teacher's curves, for data in the plane."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from secantfw.assembly.build import Built
from secantfw.interfaces.solver import Field, Solver
from secantfw.pictures.pictures import save_trajectories
from secantfw.sampling.draw import Start, starts

_PATHS = 200  # drawn; the reference curves too
_CURVE_STEPS = 64


def draw_trajectories(
    built: Built, student: Field, solver: Solver, steps: Sequence[int], teacher: Field | None,
    curve_solver: Solver, seed: int, file: Path,
) -> None:  # fmt: skip
    """Write `file`: the student from the first noise of `seed` over the teacher's ODE, a panel
    for each number of solver steps."""
    count = min(_PATHS, built.experiment.evaluate.keys.samples)
    (first,) = starts(built.dataset.spec, seed, count, count, built.device)
    paths = [_points(student, solver, first, n).numpy() for n in steps]
    curves = None
    if teacher is not None:
        curves = _points(teacher, curve_solver, first, _CURVE_STEPS).numpy()
    index = torch.arange(min(2000, built.dataset.size("train")))
    data = built.dataset.items("train", index).x_0
    title = built.experiment.title
    save_trajectories(paths, data.numpy(), curves, file, title)


@torch.inference_mode()
def _points(field: Field, solver: Solver, start: Start, steps: int) -> Tensor:
    """x at the ends of `steps` equal parts of time, (steps + 1, n, 2), one solver step each."""
    points = [start.z]
    ones = torch.ones(len(start.z), device=start.z.device)
    rng = start.rng(solver)
    low, high = field.path.t_min, field.path.t_max
    grid = torch.linspace(high, low, steps + 1, dtype=torch.float64).tolist()
    for t, s in itertools.pairwise(grid):
        points.append(solver.solve(field, points[-1], ones * t, ones * s, 1, start.cond, rng))
    return torch.stack(points).cpu()
