"""An evaluation as records: rows at equal NFE, the best of each column known.

NFE counts rows through a network per sample. A series stands in the column N with its largest
grid of at most N. The first metric is the headline one. Which metrics there are is the
experiment's affair: nothing here knows a metric by name.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.evaluation.measured_row import Column, Row, best_row
from secantfw.pictures.series import Series


@attrs.frozen
class Ceiling:
    """What the teacher itself reaches in many steps: the value of each metric, and by what."""

    name: str
    values: Mapping[str, float | None]


@attrs.frozen
class Evaluation:
    """Everything the table, the charts and the headline are made of."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    samples: int | None = None
    seeds: tuple[int, ...] = ()
    #: The NFE asked for; those of the rows where the file does not say.
    asked: tuple[int, ...] = ()
    #: The NFE the student was made for, where the evaluation says so.
    headline_nfe: int | None = None
    weights: str = ""  # of the student, "ema"
    reference: str = ""  # what stands for the teacher's exact ODE
    references: tuple[Mapping[str, Any], ...] = ()  # under each guidance: its steps, its error
    #: How numbers were measured (stamp.py), by the names that rows say.
    stamps: Mapping[str, Mapping[str, Any]] = attrs.field(factory=dict)
    ceiling: Ceiling | None = None
    overrides: str = ""  # of the experiment, when it was evaluated again
    #: Entries that are not known: the numbers may depend on them.
    others: Mapping[str, str | float] = attrs.field(factory=dict)
    _texts: Mapping[str, Mapping[str, str]] = attrs.field(init=False, eq=False, repr=False)

    @_texts.default
    def _stamps_as_texts(self) -> Mapping[str, Mapping[str, str]]:
        return {name: _texts(stamp) for name, stamp in self.stamps.items()}

    @property
    def series(self) -> tuple[Series, ...]:
        return tuple(sorted({row.series for row in self.rows}, key=lambda series: series.rank))

    @property
    def models(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(series.model for series in self.series))

    def at(self, nfe: int) -> tuple[Row, ...]:
        """Each series' largest grid of at most `nfe`, in their order; of the baselines the best
        in each metric.
        """
        within = [row for row in self.rows if row.nfe <= nfe]
        found: list[Row] = []
        for series in self.series:
            mine = [row for row in within if row.series == series]
            if series.solver == TUNED:
                found += _best_in_some(mine, self.columns)
            elif mine:
                most = max(row.nfe for row in mine)
                found += [row for row in mine if row.nfe == most]
        return tuple(found)

    def budgets(self) -> tuple[int, ...]:
        """The columns: the NFE asked for, and one more where adaptive solvers took more."""
        spent = {math.ceil(row.nfe) for row in self.rows}
        asked = set(self.asked) or spent
        return tuple(sorted(asked | {max({*asked, *spent}, default=0)} - {0}))

    @property
    def has_spread(self) -> bool:
        return any(row.deviations for row in self.rows)

    def stamp_of(self, row: Row, key: str) -> Mapping[str, str]:
        """How the number `row.values[key]` was measured, as texts; empty without a stamp."""
        return self._texts.get(row.stamps.get(key, ""), {})

    @property
    def unstamped(self) -> dict[str, str]:
        """What an evaluation without stamps says of how all its numbers were measured."""
        said = {"samples": self.samples, "reference": self.reference, "weights": self.weights}
        return _texts({**said, "feature_sha256": self.others.get("feature_sha256")})


def _texts(record: Mapping[str, Any]) -> dict[str, str]:
    """The entries that apply, as text."""
    return {
        key: value if isinstance(value, str) else _text(value)
        for key, value in record.items()
        if value not in (None, "", [], {})
    }


def _text(value: Any) -> str:
    return str(value) if type(value) is int else json.dumps(value)


def _best_in_some(rows: Sequence[Row], columns: Iterable[Column]) -> list[Row]:
    """The rows that are the best in at least one column, each once."""
    best = [best_row(rows, column) for column in columns]
    return [row for n, row in enumerate(best) if row is not None and not _among(row, best[:n])]


def _among(row: Row, others: Sequence[Row | None]) -> bool:
    return any(row is other for other in others)
