"""Which rows the evaluation table has."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw.interfaces.solver import Solver

Model = Literal["student", "teacher"]


@attrs.frozen
class NamedSolver:
    """A solver and the name of its rows: bare, or full where two would share it."""

    name: str
    solver: Solver


@attrs.frozen
class Row:
    """One line of the table: `steps` solver steps that take `evaluations` network evaluations."""

    model: Model
    solver: NamedSolver
    steps: int
    evaluations: int

    @property
    def file_name(self) -> str:
        return f"{self.model}-{self.solver.name.replace(':', '_')}-{self.evaluations:03d}.png"


def plan_rows(
    solvers: list[NamedSolver],
    budgets: tuple[int, ...],
    *,
    student_has: frozenset[str],
    teacher: bool,
) -> list[Row]:
    """The student under the solvers for what it learnt, the teacher under those for tangents.

    Args:
        solvers: in the experiment's order.
        budgets: network evaluations; a solver takes the most steps that fit, and a row that
            would repeat a smaller budget's is left out.
        student_has: "secant" or "tangent", from the loss.
        teacher: whether there is one to evaluate.
    """
    rows: list[Row] = []
    for named in solvers:
        wants = "secant" if "secant" in named.solver.requires else "tangent"
        models: list[Model] = ["student"] if wants in student_has else []
        if teacher and wants == "tangent":
            models.append("teacher")
        for model in models:
            steps = sorted({named.solver.steps_within(budget) for budget in budgets} - {0})
            rows += [Row(model, named, n, named.solver.evaluations(n)) for n in steps]
    return sorted(rows, key=lambda r: (r.model, r.solver.name, r.evaluations))
