"""Which rows the evaluation table has."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.experiment.experiment import Chosen
from secantfw.interfaces.solver import Solver
from secantfw.sampling.row_guidance import RowGuidance

Model = Literal["student", "teacher"]

#: What a file name may not hold, on some system or other.
_UNFIT = re.compile(r"[^\w.+=,() -]+")
#: Stands for the NFE of a solver that chooses its steps itself.
_ADAPTIVE = "adaptive"


@attrs.frozen
class NamedSolver:
    """A solver and the name of its rows: bare, or full where two would share it.

    `label` are its options, as `solver_text` gives them.
    """

    name: str
    solver: Solver
    label: str = ""
    chosen: Chosen | None = None

    @property
    def title(self) -> str:
        return f"{self.name} {self.label}".rstrip()


@attrs.frozen
class PlannedRow:
    """One line of the table: a model under a solver in `steps` steps.

    `nfe` is the network evaluations of a sample, counted in rows through the network; None for an
    adaptive solver, whose NFE is measured.
    """

    model: Model
    solver: NamedSolver
    steps: int
    nfe: int | None
    guidance: RowGuidance = attrs.field(factory=RowGuidance)
    #: What tells its guidance from that of the rows beside it.
    guidance_text: str = ""
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
        nfe = _ADAPTIVE if self.nfe is None else f"{self.nfe:03d}"
        return f"{self.model}-{_UNFIT.sub('_', self._series)}-{nfe}"

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
        """As reports call it."""
        if self.baseline:
            return f"{self.solver.title} {self.guidance}".rstrip()
        return f"{self.solver.title} {self.guidance_text}".rstrip()

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
    wants = "secant" if "secant" in named.solver.requires else "tangent"
    models: list[Model] = ["student"] if wants in student_has else []
    return (*models, "teacher") if teacher and wants == "tangent" else tuple(models)


def in_order(rows: Iterable[PlannedRow]) -> list[PlannedRow]:
    """Each row once, by model, solver, guidance and NFE."""
    unique = {row.name: row for row in rows}
    return sorted(
        unique.values(),
        key=lambda r: (r.model, r.solver.title, r.guidance.scale, r.guidance.interval, r.nfe or 0),
    )
