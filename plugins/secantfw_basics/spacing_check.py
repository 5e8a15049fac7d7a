"""Is a student sampled on the grid of times that it was trained on? Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from secantfw import Problem


def spacing_warnings(experiment: Any) -> Iterator[Problem]:
    """A solver `secant` whose steps are spaced otherwise than the segments of training.

    The student has then practised none of the steps that sampling takes. `continuous` trains
    every step, so there is nothing to compare it with.
    """
    sampler = experiment.time_sampler
    trained = _TRAINED.get(sampler.full_name)
    if trained is None:
        return
    chosen = [("solver.spacing", experiment.solver)]
    chosen += [("evaluate.solvers", solver) for solver in experiment.evaluate.solvers]
    for key, solver in chosen:
        if solver.full_name == "basics:secant":
            taken, learnt = _spacing(solver.options), trained(sampler.options)
            if taken != learnt:
                yield Problem(
                    f"{solver.full_name} takes {taken} steps, {sampler.full_name} trains "
                    f"{learnt} ones; give both one spacing",
                    key=key,
                    warning=True,
                )


def _spacing(options: Any) -> str:
    if options.spacing == "uniform":
        return "uniform"
    return f"{options.spacing} (mean {options.mean:g}, std {options.std:g})"


def _uniform(_options: Any) -> str:
    return "uniform"


_TRAINED = {"basics:segments": _spacing, "basics:floor_grid": _uniform}
