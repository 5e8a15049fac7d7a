"""Is a student sampled on the grid of times that it was trained on? Imports no torch.

The plug-in that brings a spacing compares it with the others by their names.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from secantfw import GridOptions, Problem
from secantfw_edm.options import RhoSpacing

#: What is trained on a grid of times, and what steps on one.
_TRAINED = ("edm:rho_segments", "basics:segments", "basics:floor_grid")
_STEPS = ("edm:rho_secant", "basics:secant")


def spacing_warnings(experiment: Any) -> Iterator[Problem]:
    """Of `rho_segments` and `rho_secant` one without the other, or both with other levels."""
    sampler = experiment.time_sampler
    chosen = [("solver.use", experiment.solver)]
    chosen += [("evaluate.solvers", solver) for solver in experiment.evaluate.solvers]
    for key, solver in chosen:
        if sampler.full_name not in _TRAINED or solver.full_name not in _STEPS:
            continue
        if not any(isinstance(c.options, RhoSpacing) for c in (solver, sampler)):
            continue  # two of `basics`, which compares them itself
        taken, learnt = _levels(solver.options), _levels(sampler.options)
        if taken != learnt:
            yield Problem(
                f"{solver.full_name} takes steps {taken}, {sampler.full_name} trains them "
                f"{learnt}; take rho_segments and rho_secant together, with the same levels",
                key=key,
                warning=True,
            )


def _levels(options: Any) -> str:
    if not isinstance(options, RhoSpacing):
        grid = options.grid_text() if isinstance(options, GridOptions) else "uniform"
        return f"on the grid {grid}"
    return f"in level^(1/{options.rho:g}) from {options.sigma_max:g} to {options.sigma_min:g}"
