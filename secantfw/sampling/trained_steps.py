"""In how many steps a student is sampled: those it was trained for; others are warned of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import attrs

from secantfw.experiment.experiment import Chosen
from secantfw.interfaces.solver import Solver

if TYPE_CHECKING:
    from secantfw.training.build import Built

#: Steps of a sample where training singles out no number.
DEFAULT_STEPS = 4


def default_steps(built: Built) -> int:
    """The N of the time sampler, for the solver of the run; else `DEFAULT_STEPS`."""
    trained = built.time_sampler.trained_steps() if _has_grid(built.solver) else None
    return trained or DEFAULT_STEPS


def is_off_grid(built: Built, solver: Solver, steps: int) -> bool:
    """Whether a student takes secants that it never practised, in `steps` steps of `solver`."""
    return _has_grid(solver) and not built.time_sampler.practises(steps)


def steps_warning(built: Built, taken: Iterable[tuple[Solver, int]]) -> str:
    """One line about the numbers of steps that were not trained; empty where all were."""
    found = sorted({n for solver, n in taken if is_off_grid(built, solver, n)})
    if not found:
        return ""
    unit = "step" if found == [1] else "steps"
    taken_text = f"{', '.join(map(str, found))} {unit}"
    return f"{taken_text}, and this student was trained for {_trained_text(built)}"


def _has_grid(solver: Solver) -> bool:
    """Whether the number of steps says which secants are taken.

    A solver that goes back to noise in between aims beyond its next time.
    """
    return "secant" in solver.requires and not solver.stochastic


def _trained_text(built: Built) -> str:
    sampler, chosen = built.time_sampler, built.experiment.time_sampler
    trained = sampler.trained_steps()
    if trained is None:
        return f"others (time_sampler.use = {chosen.full_name!r})"
    more = " or more" if sampler.practises(trained + 1) else ""
    return f"{trained}{more} ({_origin(chosen, trained)})"


def _origin(chosen: Chosen, trained: int) -> str:
    """The option that gives the number, where one has its value."""
    options = attrs.asdict(chosen.options, recurse=False)
    key = next((k for k, v in options.items() if type(v) is int and v == trained), None)
    named = f"time_sampler.use = {chosen.full_name!r}"
    return named if key is None else f"time_sampler.{key} = {trained}"
