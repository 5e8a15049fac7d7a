"""Which rows the evaluation table has."""

from __future__ import annotations

import itertools
from typing import Literal

import attrs

from secantfw.interfaces.solver import Solver

Model = Literal["student", "teacher"]


@attrs.frozen
class NamedSolver:
    """A solver and the name of its rows: bare, or full where two would share it.

    `label` says in which options it differs from others of the same name.
    """

    name: str
    solver: Solver
    label: str = ""

    @property
    def title(self) -> str:
        return f"{self.name} {self.label}".rstrip()


@attrs.frozen
class Row:
    """One line of the table: `steps` solver steps that take `evaluations` network evaluations."""

    model: Model
    solver: NamedSolver
    steps: int
    evaluations: int
    guidance: float = 1.0
    #: Whether rows of other guidance scales stand beside it.
    named_guidance: bool = False

    @property
    def name(self) -> str:
        """Names it among the rows, and its files."""
        solver = self._series.replace(":", "_")
        return f"{self.model}-{solver}-{self.evaluations:03d}"

    @property
    def title(self) -> str:
        """What is said while it is measured."""
        return f"{self.model}, {self._series}, {self.evaluations:03d} evaluations"

    @property
    def _series(self) -> str:
        return f"{self.solver.title}{f' w={self.guidance:g}' if self.named_guidance else ''}"

    @property
    def along_secants(self) -> bool:
        return "secant" in self.solver.solver.requires


def plan_rows(
    solvers: list[NamedSolver],
    budgets: tuple[int, ...],
    *,
    student_has: frozenset[str],
    teacher: bool,
    guidance: tuple[float, ...] = (1.0,),
) -> list[Row]:
    """The student under the solvers for what it learnt, the teacher under those for tangents.

    Args:
        solvers: in the experiment's order.
        budgets: network evaluations; a solver takes the most steps that fit, and a row that
            would repeat a smaller budget's is left out.
        student_has: "secant" or "tangent", from the loss.
        teacher: whether there is one to evaluate.
        guidance: scales; every row is there for each.
    """
    rows: list[Row] = []
    for named, scale in itertools.product(solvers, guidance):
        wants = "secant" if "secant" in named.solver.requires else "tangent"
        models: list[Model] = ["student"] if wants in student_has else []
        if teacher and wants == "tangent":
            models.append("teacher")
        for model in models:
            steps = sorted({named.solver.steps_within(budget) for budget in budgets} - {0})
            rows += [
                Row(model, named, n, named.solver.evaluations(n), scale, len(guidance) > 1)
                for n in steps
            ]
    return sorted(rows, key=lambda r: (r.model, r.solver.title, r.guidance, r.evaluations))
