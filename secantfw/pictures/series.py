"""What is drawn in one look: a model under a solver. Imports no torch."""

from __future__ import annotations

import attrs

from secantfw.assembly.tuned import TUNED

STUDENT, TEACHER = "student", "teacher"
#: The order readers expect; solvers of other plug-ins follow by name.
_SOLVER_ORDER = ("secant", TUNED, "euler", "heun")


@attrs.frozen
class Series:
    """One line of a chart, one column of sample grids: a model under a solver.

    Behind the solver's name stand a label and a guidance scale, where several are there.
    """

    model: str
    solver: str

    def __str__(self) -> str:
        return f"{self.model}, {self.solver}"

    @property
    def rank(self) -> tuple[int, int, str, str]:
        """Sorts the student before the teacher and the usual solvers before others."""
        model = (STUDENT, TEACHER).index(self.model) if self.model in (STUDENT, TEACHER) else 2
        name = self.solver if self.solver == TUNED else self.solver.partition(" ")[0]
        solver = _SOLVER_ORDER.index(name) if name in _SOLVER_ORDER else len(_SOLVER_ORDER)
        return (model, solver, self.model, self.solver)
