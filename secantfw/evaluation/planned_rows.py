"""The rows of an experiment's evaluation table."""

from __future__ import annotations

from secantfw.evaluation.rows import NamedSolver, Row, plan_rows
from secantfw.evaluation.solver_labels import solver_labels
from secantfw.interfaces.solver import Solver
from secantfw.training.build import Built, build


def planned_rows(built: Built) -> list[Row]:
    """The rows of the evaluation table; a solver goes by its bare name where that is enough, and
    by a label beside it where it stands several times.
    """
    e = built.experiment
    different = {c.full_name: c.component.name for c in e.evaluate.solvers}
    names = list(different.values())
    solvers = []
    for chosen, label in zip(e.evaluate.solvers, solver_labels(e.evaluate.solvers), strict=True):
        bare = chosen.component.name
        solver: Solver = build(chosen)  # type: ignore[assignment]
        name = bare if names.count(bare) == 1 else chosen.full_name
        solvers.append(NamedSolver(name, solver, label))
    teacher = built.teacher is not None and e.evaluate.keys.teacher
    return plan_rows(
        solvers,
        e.evaluate.keys.steps,
        student_has=built.loss.provides,
        teacher=teacher,
        guidance=e.evaluate.keys.guidance or (e.guidance.scale,),
    )
