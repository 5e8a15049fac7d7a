"""Which rows the evaluation table has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import attrs

from secantfw.evaluation.row_guidance import RowGuidance
from secantfw.evaluation.tuned import TUNED
from secantfw.experiment.experiment import Chosen
from secantfw.interfaces.solver import Solver

Model = Literal["student", "teacher"]


#: Stands for the NFE of a solver that chooses its steps itself.
_ADAPTIVE = "adaptive"


@attrs.frozen
class NamedSolver:
    """A solver and the name of its rows: bare, or full where two would share it.

    `label` says in which options it differs from others of the same name.
    """

    name: str
    solver: Solver
    label: str = ""
    chosen: Chosen | None = None

    @property
    def title(self) -> str:
        return f"{self.name} {self.label}".rstrip()


@attrs.frozen
class Row:
    """One line of the table: a model under a solver in `steps` steps.

    `nfe` is the network evaluations of a sample, counted in rows through the network; None for an
    adaptive solver, whose NFE is measured.
    """

    model: Model
    solver: NamedSolver
    steps: int
    nfe: int | None
    guidance: RowGuidance = attrs.field(factory=RowGuidance)
    #: Whether rows under other guidance stand beside it.
    named_guidance: bool = False
    #: Of a finalist of a search for strong baselines: which of its NFE it is, from 1; 0 for a row
    #: of the experiment.
    place: int = 0

    @property
    def baseline(self) -> bool:
        return self.place > 0

    @property
    def name(self) -> str:
        """Names it among the rows, and its files."""
        if self.baseline:
            more = f"-{self.place}" if self.place > 1 else ""
            return f"{self.model}-{TUNED}-{self.nfe:03d}{more}"
        solver = self._series.replace(":", "_").replace("<", "_").replace(">", "_")
        return f"{self.model}-{solver}-{_ADAPTIVE if self.nfe is None else f'{self.nfe:03d}'}"

    def picture(self, nfe: int) -> str:
        """The name of its sample grid; an adaptive solver took `nfe`."""
        return self.name if self.nfe is not None else f"{self.name[: -len(_ADAPTIVE)]}{nfe:03d}"

    @property
    def title(self) -> str:
        """What is said while it is measured."""
        nfe = _ADAPTIVE if self.nfe is None else f"{self.nfe} NFE"
        return f"{self.model}, {self._series}, {nfe}"

    @property
    def _series(self) -> str:
        said = str(self.guidance) if self.named_guidance else ""
        return f"{self.solver.title} {said}".rstrip()

    @property
    def along_secants(self) -> bool:
        return "secant" in self.solver.solver.requires


def models_of(
    named: NamedSolver, *, student_has: frozenset[str], teacher: bool
) -> tuple[Model, ...]:
    """Who is sampled by a solver: the student under those for what it learnt, the teacher under
    those for tangents.

    Args:
        student_has: "secant" or "tangent", from the loss.
        teacher: whether there is one to evaluate.
    """
    wants = "secant" if named.solver.requires & {"secant"} else "tangent"
    found: list[Model] = ["student"] if wants in student_has else []
    return (*found, "teacher") if teacher and wants == "tangent" else tuple(found)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """Each row once, by model, solver, guidance and NFE."""
    unique = {row.name: row for row in rows}
    return sorted(
        unique.values(),
        key=lambda r: (r.model, r.solver.title, r.guidance.scale, r.guidance.interval, r.nfe or 0),
    )
