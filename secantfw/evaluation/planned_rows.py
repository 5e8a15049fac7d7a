"""The rows of an experiment's evaluation table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import attrs
import torch

from secantfw.evaluation.nfe import NFECounter
from secantfw.evaluation.row_guidance import RowGuidance
from secantfw.evaluation.rows import (
    Model,
    NamedSolver,
    Row,
    in_order,
    models_of,
)
from secantfw.evaluation.solver_labels import solver_labels
from secantfw.interfaces.solver import Solver
from secantfw.training.build import Built, build


def planned_rows(built: Built) -> list[Row]:
    """Every solver of the experiment with its largest grid for each number of `evaluate.nfe`,
    under each guidance scale.
    """
    keys = built.experiment.evaluate.keys
    guidance = built.experiment.guidance
    scales = keys.guidance or (guidance.scale,)
    teacher = built.teacher is not None and keys.teacher
    has = built.loss.provides
    rows: list[Row] = []
    for named, scale in itertools.product(named_solvers(built), scales):
        for model in models_of(named, student_has=has, teacher=teacher):
            under = RowGuidance(scale, guidance.interval)
            counter = nfe_counter(built, model, under)
            rows += _rows(named, model, under, counter, keys.nfe, named_guidance=len(scales) > 1)
    return in_order(rows)


def named_solvers(built: Built) -> list[NamedSolver]:
    """Those of the experiment: by their bare names where that is enough, and by a label beside
    it where one stands several times.
    """
    chosen_ones = built.experiment.evaluate.solvers
    different = {c.full_name: c.component.name for c in chosen_ones}
    names = list(different.values())
    solvers = []
    for chosen, label in zip(chosen_ones, solver_labels(chosen_ones), strict=True):
        bare = chosen.component.name
        solver: Solver = build(chosen)  # type: ignore[assignment]
        name = bare if names.count(bare) == 1 else chosen.full_name
        solvers.append(NamedSolver(name, solver, label, chosen))
    return solvers


def nfe_counter(built: Built, model: Model, under: RowGuidance) -> NFECounter:
    """Counts the NFE of a model's samples under guidance."""
    guidance = attrs.evolve(built.experiment.guidance, scale=under.scale, interval=under.interval)
    told = model == "student" and guidance.range is not None
    here = torch.cuda.is_available() and built.device.type != "cpu"
    device = torch.device("cuda" if here else "cpu")
    return NFECounter(built.dataset.spec, built.path, guidance, told, device)


def _rows(
    named: NamedSolver,
    model: Model,
    under: RowGuidance,
    counter: NFECounter,
    budgets: tuple[int, ...],
    *,
    named_guidance: bool,
) -> Iterator[Row]:
    if named.solver.adaptive:
        yield Row(model, named, 1, None, under, named_guidance)
        return
    for steps in sorted({counter.steps_within(named.solver, n) for n in budgets} - {0}):
        nfe = counter.nfe(named.solver, steps)
        yield Row(model, named, steps, nfe, under, named_guidance)
