"""evaluation.json as records: rows grouped by network evaluations, the best of each group known.

The first column is the headline one. Which metrics there are is the experiment's affair: nothing
here knows a metric by name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from secantfw.reporting.secant_error import SecantErrorGrid, read_secant_error

STUDENT, TEACHER = "student", "teacher"
#: Not metrics: what says which row it is.
_ROW_KEYS = ("model", "solver", "label", "steps", "evaluations", "guidance")
#: What an evaluation without stamps says of how all its numbers were measured.
_UNSTAMPED = ("samples", "reference", "feature_sha256", "weights")
_KNOWN_KEYS = (
    "rows",
    "columns",
    "samples",
    "floor",
    "reference",
    "feature_sha256",
    "headline_evaluations",
)
#: The order readers expect; solvers of other plug-ins follow by name.
_SOLVER_ORDER = ("secant", "euler", "heun")


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
        name = self.solver.partition(" ")[0]
        solver = _SOLVER_ORDER.index(name) if name in _SOLVER_ORDER else len(_SOLVER_ORDER)
        return (model, solver, self.model, self.solver)


@attrs.frozen
class Column:
    """One metric: its key in the rows, its title, its direction, what held-out data reaches."""

    key: str
    title: str
    lower_is_better: bool = True
    floor: float | None = None

    def better(self, a: float, b: float) -> bool:
        """Whether a is strictly better than b."""
        return a < b if self.lower_is_better else a > b


@attrs.frozen
class Row:
    """One measurement: a model under a solver in a number of steps."""

    series: Series
    steps: int
    evaluations: int
    values: Mapping[str, float | None]
    #: How each value was measured, by its key; nothing of an evaluation without stamps.
    protocols: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def finite(self, column: Column) -> float | None:
        """The value where there is one that can be compared."""
        value = self.values.get(column.key)
        return value if value is not None and math.isfinite(value) else None


@attrs.frozen
class Evaluation:
    """Everything the table, the charts and the headline are made of."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    samples: int | None = None
    reference: str = ""
    feature_sha256: str = ""
    #: The number of evaluations the student was made for, where the evaluation says so.
    headline_evaluations: int | None = None
    #: Whatever else the numbers depend on (seed, weights, guidance), as text.
    notes: tuple[str, ...] = ()
    #: What it says of all its numbers together, for those that have no stamp.
    protocol: Mapping[str, str] = attrs.field(factory=dict)
    secant_error: SecantErrorGrid | None = None

    @property
    def series(self) -> tuple[Series, ...]:
        return tuple(sorted({row.series for row in self.rows}, key=lambda series: series.rank))

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(series.model for series in self.series))

    def at(self, evaluations: int) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.evaluations == evaluations)

    def counts(self) -> tuple[int, ...]:
        """The numbers of evaluations that have rows, ascending."""
        return tuple(sorted({row.evaluations for row in self.rows}))


def best_row(rows: Iterable[Row], column: Column) -> Row | None:
    """The row with the best finite value; None if there is none."""
    best: Row | None = None
    for row in rows:
        value, held = row.finite(column), best.finite(column) if best else None
        if value is not None and (held is None or column.better(value, held)):
            best = row
    return best


def read_evaluation(evaluation: Mapping[str, Any]) -> Evaluation:
    """evaluation.json, parsed, as records; keys that are missing are left empty."""
    said = evaluation.get("rows") or ()
    several = len({row.get("guidance") for row in said}) > 1
    rows = tuple(_row(evaluation, row, several) for row in said)
    headline = evaluation.get("headline_evaluations")
    samples = evaluation.get("samples")
    return Evaluation(
        columns=_columns(evaluation, rows),
        rows=tuple(sorted(rows, key=lambda row: (row.evaluations, row.series.rank))),
        samples=None if samples is None else int(samples),
        reference=str(evaluation.get("reference") or ""),
        feature_sha256=str(evaluation.get("feature_sha256") or ""),
        headline_evaluations=None if headline is None else int(headline),
        notes=tuple(
            f"{key.replace('_', ' ')}: {value}"
            for key, value in evaluation.items()
            if key not in _KNOWN_KEYS and isinstance(value, str | int | float) and value != ""
        ),
        secant_error=read_secant_error(said),
        protocol=_texts({key: evaluation.get(key) for key in _UNSTAMPED}),
    )


def _protocols(evaluation: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """How each number of a row was measured, by its key: its stamp, where it has one."""
    records, names = evaluation.get("stamps"), row.get("stamps")
    if not isinstance(records, Mapping) or not isinstance(names, Mapping):
        return {}
    found = {key: records.get(name) for key, name in names.items()}
    return {key: _texts(record) for key, record in found.items() if isinstance(record, Mapping)}


def _texts(record: Mapping[str, Any]) -> dict[str, str]:
    """The entries that apply, as text."""
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in record.items()
        if value not in (None, "", [], {})
    }


def _row(evaluation: Mapping[str, Any], row: Mapping[str, Any], by_guidance: bool) -> Row:
    """A row; where there are several guidance scales, each makes a series of its own, as does
    the label of a solver that stands several times.
    """
    label = f" {row['label']}" if row.get("label") else ""
    scale = f" w={row['guidance']:g}" if by_guidance and _float(row.get("guidance")) else ""
    return Row(
        series=Series(str(row.get("model", "")), str(row.get("solver", "")) + label + scale),
        steps=int(row.get("steps", 0)),
        evaluations=int(row.get("evaluations", row.get("steps", 0))),
        values={
            key: _float(value)
            for key, value in row.items()
            if key not in _ROW_KEYS and (value is None or isinstance(value, int | float))
        },
        protocols=_protocols(evaluation, row),
    )


def _columns(evaluation: Mapping[str, Any], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns as declared, else every metric key of the rows; one floor is the first one's."""
    keys = dict.fromkeys(key for row in rows for key in row.values)
    declared = evaluation.get("columns") or [{"key": key} for key in keys]
    columns = [_column(column) for column in declared]
    floor = _float(evaluation.get("floor"))
    if columns and floor is not None and all(column.floor is None for column in columns):
        columns[0] = attrs.evolve(columns[0], floor=floor)
    return tuple(columns)


def _column(column: Mapping[str, Any]) -> Column:
    key = str(column["key"])
    return Column(
        key=key,
        title=str(column.get("title") or key.replace("_", " ").capitalize()),
        lower_is_better=bool(column.get("lower_is_better", True)),
        floor=_float(column.get("floor")),
    )


def _float(value: Any) -> float | None:
    """A number as float; None for anything else, so that a foreign text key is no metric."""
    return float(value) if isinstance(value, int | float) else None
