"""The rows of an experiment's evaluation table."""

from __future__ import annotations

from secantfw.evaluation.rows import NamedSolver, Row, plan_rows
from secantfw.interfaces.solver import Solver
from secantfw.training.build import Built, build


def planned_rows(built: Built) -> list[Row]:
    """The rows of the evaluation table; a solver goes by its bare name where that is enough."""
    e = built.experiment
    names = [c.component.name for c in e.evaluate.solvers]
    solvers = []
    for chosen in e.evaluate.solvers:
        bare = chosen.component.name
        solver: Solver = build(chosen)  # type: ignore[assignment]
        name = bare if names.count(bare) == 1 else chosen.full_name
        solvers.append(NamedSolver(name, solver))
    teacher = built.teacher is not None and e.evaluate.keys.teacher
    return plan_rows(
        solvers,
        e.evaluate.keys.steps,
        student_has=built.loss.provides,
        teacher=teacher,
        guidance=e.evaluate.keys.guidance or (e.guidance.scale,),
    )
