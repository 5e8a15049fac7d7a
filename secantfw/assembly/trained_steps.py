"""Over which secants a student is sampled: those it was trained on; others are warned of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Field, Solver
from secantfw.sampling.dry_solve import dry_solve

if TYPE_CHECKING:
    from secantfw.assembly.build import Built

#: Steps of a sample where training singles out no number.
DEFAULT_STEPS = 4


def default_steps(built: Built) -> int:
    """The N of the time sampler, for the solver of the run; else `DEFAULT_STEPS`."""
    follows = "secant" in built.solver.requires and not built.solver.stochastic
    trained = built.time_sampler.trained_steps() if follows else None
    return trained or DEFAULT_STEPS


def is_off_grid(built: Built, solver: Solver, steps: int) -> bool:
    """Whether a student takes a secant that it never practised, in `steps` steps of `solver`."""
    if "secant" not in solver.requires:
        return False
    t, s = secants_taken(built, solver, steps)
    return not bool(built.time_sampler.practises(t, s, built.path).all())


def secants_taken(built: Built, solver: Solver, steps: int) -> tuple[Tensor, Tensor]:
    """t and s, (n,) each, of the secants that `solver` asks for, by a solve of zeros."""
    field = _Recording(built.path)
    dry_solve(field, solver, steps, built.dataset.spec, built.device.type)
    return torch.cat(field.t).cpu(), torch.cat(field.s).cpu()


def steps_warning(built: Built, taken: Iterable[tuple[Solver, int]]) -> str:
    """One line about the steps over secants that were not trained; empty where all were."""
    found = sorted({n for solver, n in taken if is_off_grid(built, solver, n)})
    if not found:
        return ""
    unit = "step" if found == [1] else "steps"
    taken_text = f"{', '.join(map(str, found))} {unit}"
    if found == [built.time_sampler.trained_steps()]:
        return f"{taken_text} over other times than those this student was trained on"
    return f"{taken_text}, and this student was trained for {_trained_text(built)}"


class _Recording(Field):
    """A field of zeros that keeps the times it is asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.t: list[Tensor] = []
        self.s: list[Tensor] = []

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self.secant(x, t, t, cond)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        self.nfe += 1
        self.t.append(t.clone())
        self.s.append(s.clone())
        return torch.zeros_like(x)


def _trained_text(built: Built) -> str:
    """The number of steps, and the option that gives it, where one has its value."""
    sampler, chosen = built.time_sampler, built.experiment.time_sampler
    trained = sampler.trained_steps()
    named = f"time_sampler.use = {chosen.full_name!r}"
    if trained is None:
        return f"others ({named})"
    more = " or more" if _practises_more(built, trained) else ""
    options = attrs.asdict(chosen.options, recurse=False)
    key = next((k for k, v in options.items() if type(v) is int and v == trained), None)
    return f"{trained}{more} ({named if key is None else f'time_sampler.{key} = {trained}'})"


def _practises_more(built: Built, steps: int) -> bool:
    """Whether equal steps of a larger number are trained too."""
    nodes = torch.linspace(built.path.t_max, built.path.t_min, steps + 2)
    return bool(built.time_sampler.practises(nodes[:-1], nodes[1:], built.path).all())
