"""Is a student sampled on the grid of times that it was trained on? Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from secantfw import GridOptions, Problem

#: What is trained on a grid of times, and what steps along secants on one.
_TRAINED = ("basics:segments", "basics:floor_grid")
_STEPS = ("basics:secant", "cuda:secant_graph", "cuda:secant_compiled")


def spacing_warnings(experiment: Any) -> Iterator[Problem]:
    """A solver along secants whose steps are spaced otherwise than the segments of training.

    The student has then practised none of the steps that sampling takes. `continuous` trains
    every step, so there is nothing to compare it with.
    """
    sampler = experiment.time_sampler
    if sampler.full_name not in _TRAINED:
        return
    chosen = [("solver.spacing", experiment.solver)]
    chosen += [("evaluate.solvers", solver) for solver in experiment.evaluate.solvers]
    for key, solver in chosen:
        if solver.full_name in _STEPS:
            taken, learnt = _grid(solver.options), _grid(sampler.options)
            if taken != learnt:
                yield Problem(
                    f"{solver.full_name} takes {taken} steps, {sampler.full_name} trains "
                    f"{learnt} ones; give both one spacing",
                    key=key,
                    warning=True,
                )


def _grid(options: Any) -> str:
    """`floor_grid` has no choice: its segments are equal."""
    return options.grid_text() if isinstance(options, GridOptions) else "uniform"
