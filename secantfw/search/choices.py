"""The solvers that are tried, each with the options and grids worth trying."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs

from secantfw.assembly.build import build
from secantfw.discovery.building import probed, unavailable
from secantfw.discovery.component import Component
from secantfw.discovery.registry import Registry
from secantfw.errors import SecantfwError
from secantfw.experiment.components import choose_from
from secantfw.experiment.experiment import Chosen
from secantfw.interfaces.solver import Solver
from secantfw.sampling.grid_options import GridOptions
from secantfw.search.grids import tried_grids


@attrs.frozen
class Choices:
    """What there is to try, and which solvers cannot be, with the reason."""

    solvers: tuple[Chosen, ...]
    refused: tuple[str, ...] = ()


def solver_choices(registry: Registry) -> Choices:
    """Every installed solver of the teacher's ODE that is deterministic and available here.

    Adaptive solvers have no NFE of their own to compare at.
    """
    found: list[Chosen] = []
    refused: list[str] = []
    for component in registry.of_kind("solver"):
        if unavailable(component) or probed(component):
            continue
        try:
            found += _variants(component, registry)
        except SecantfwError as error:
            refused.append(f"{component.full_name}: {error}")
        except Exception as error:  # a plug-in's mistake ends no search
            refused.append(f"{component.full_name}: {type(error).__name__}: {error}")
    return Choices(tuple(dict.fromkeys(found)), tuple(refused))


def _variants(component: Component, registry: Registry) -> Iterator[Chosen]:
    table = {**component.example, "use": component.full_name}
    chosen = choose_from(registry, "solver", table)
    solver: Solver = build(chosen)  # type: ignore[assignment]
    if solver.adaptive or solver.stochastic or "secant" in solver.requires:
        return
    grids = tried_grids() if isinstance(chosen.options, GridOptions) else [{}]
    tuning = solver.tuning
    for values in itertools.product(*tuning.values()):
        tried = dict(zip(tuning, values, strict=True))
        for grid in grids:
            yield Chosen(component, attrs.evolve(chosen.options, **tried, **grid))
