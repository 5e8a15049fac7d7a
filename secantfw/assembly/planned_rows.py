"""The rows of an experiment's evaluation table."""

from __future__ import annotations

from collections.abc import Iterator

from secantfw.assembly.build import Built, build
from secantfw.assembly.row import (
    Model,
    NamedSolver,
    PlannedRow,
    in_order,
    models_of,
)
from secantfw.interfaces.solver import Solver
from secantfw.sampling.nfe import NFECounter
from secantfw.sampling.row_guidance import (
    RowGuidance,
    guidance_labels,
    student_guidances,
    teacher_guidances,
)
from secantfw.sampling.solver_text import solver_text


def planned_rows(built: Built) -> list[PlannedRow]:
    """Every solver of the experiment with its largest grid for each number of `evaluate.nfe`,
    under each guidance of the student's and of the teacher's.
    """
    keys = built.experiment.evaluate.keys
    teacher = built.teacher is not None and keys.teacher
    has = built.loss.provides
    guidances = {
        "student": student_guidances(built.experiment),
        "teacher": teacher_guidances(built.experiment) if teacher else (),
    }
    labels = guidance_labels([*guidances["student"], *guidances["teacher"]])
    rows: list[PlannedRow] = []
    for named in named_solvers(built):
        for model in models_of(named, student_has=has, teacher=teacher):
            for under in guidances[model]:
                counter = nfe_counter(built, model, under)
                rows += _rows(named, model, under, counter, keys.nfe, labels[under])
    return in_order(rows)


def named_solvers(built: Built) -> list[NamedSolver]:
    """Those of the experiment, by their bare names where that is enough, with their options.

    Of steps along secants the options are those of training, and told where several stand.
    """
    chosen_ones = built.experiment.evaluate.solvers
    full = [chosen.full_name for chosen in chosen_ones]
    bare = [name.partition(":")[2] for name in dict.fromkeys(full)]
    solvers = []
    for chosen in chosen_ones:
        solver: Solver = build(chosen)  # type: ignore[assignment]
        own = chosen.component.name
        name = own if bare.count(own) == 1 else chosen.full_name
        alone = "secant" in solver.requires and full.count(chosen.full_name) == 1
        label = "" if alone else solver_text(chosen.options)
        solvers.append(NamedSolver(name, solver, label, chosen))
    return solvers


def nfe_counter(built: Built, model: Model, under: RowGuidance) -> NFECounter:
    """Counts the NFE of a model's samples under guidance."""
    guidance = under.applied_to(built.experiment.guidance)
    told = model == "student" and guidance.range is not None
    return NFECounter(built.dataset.spec, built.path, guidance, told, built.device)


def _rows(
    named: NamedSolver,
    model: Model,
    under: RowGuidance,
    counter: NFECounter,
    budgets: tuple[int, ...],
    guidance_text: str,
) -> Iterator[PlannedRow]:
    if named.solver.adaptive:
        yield PlannedRow(model, named, 1, None, under, guidance_text)
        return
    for steps in sorted({counter.steps_within(named.solver, n) for n in budgets} - {0}):
        nfe = counter.nfe(named.solver, steps)
        yield PlannedRow(model, named, steps, nfe, under, guidance_text)
