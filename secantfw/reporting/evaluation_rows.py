"""An evaluation as records: rows at equal NFE, the best of each column known.

NFE counts rows through a network per sample. A series stands in the column N with its largest
grid of at most N. The first metric is the headline one. Which metrics there are is the
experiment's affair: nothing here knows a metric by name.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.pictures.series import Series
from secantfw.reporting.sample_curve import SampleCurve
from secantfw.reporting.secant_error import SecantErrorGrid
from secantfw.reporting.told_apart import paired_apart, told_apart


@attrs.frozen
class Column:
    """One metric: its key in the rows, its title, its direction, what real data reaches."""

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
    nfe: float
    values: Mapping[str, float | None]
    #: How each value was measured, by its key; nothing of an evaluation without stamps.
    protocols: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    #: Standard deviations over seeds, where there are several.
    deviations: Mapping[str, float] = attrs.field(factory=dict)
    #: The values of those seeds, whose noise every row of an evaluation shares.
    by_seed: Mapping[str, tuple[float, ...]] = attrs.field(factory=dict)
    #: Values of fewer samples.
    curves: Mapping[str, SampleCurve] = attrs.field(factory=dict)
    #: Which solver a baseline is, with its grid and guidance.
    detail: str = ""
    #: Whether a student takes another number of steps than it was trained for.
    off_grid: bool = False

    @property
    def baseline(self) -> bool:
        return self.series.solver == TUNED

    @property
    def solver(self) -> str:
        """The solver as a sentence names it."""
        return self.detail or self.series.solver

    def finite(self, column: Column) -> float | None:
        """The value where there is one that can be compared."""
        value = self.values.get(column.key)
        return value if value is not None and math.isfinite(value) else None

    def apart(self, other: Row, column: Column) -> bool:
        """Whether the two values differ by more than their spread over seeds: of the differences
        on each seed's noise, where both have them.
        """
        mine, theirs = self.finite(column), other.finite(column)
        if mine is None or theirs is None:
            return False
        pairs = self.pairs(other, column)
        if len(pairs) > 1:
            return paired_apart(pairs)
        d_1, d_2 = self.deviations.get(column.key), other.deviations.get(column.key)
        return told_apart(mine, d_1, theirs, d_2)

    def pairs(self, other: Row, column: Column) -> tuple[tuple[float, float], ...]:
        """The two values on each seed's noise; none where one row has not kept them."""
        mine, theirs = self.by_seed.get(column.key, ()), other.by_seed.get(column.key, ())
        return tuple(zip(mine, theirs, strict=True)) if len(mine) == len(theirs) else ()


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
    reference: str = ""
    feature_sha256: str = ""
    #: The NFE asked for; those of the rows where the file does not say.
    asked: tuple[int, ...] = ()
    #: The NFE the student was made for, where the evaluation says so.
    headline_nfe: int | None = None
    #: Whatever else the numbers depend on (seed, weights, guidance), as text.
    notes: tuple[str, ...] = ()
    #: What it says of all its numbers together, for those that have no stamp.
    protocol: Mapping[str, str] = attrs.field(factory=dict)
    secant_error: SecantErrorGrid | None = None
    ceiling: Ceiling | None = None

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


def _best_in_some(rows: Sequence[Row], columns: Iterable[Column]) -> list[Row]:
    """The rows that are the best in at least one column, each once."""
    best = [best_row(rows, column) for column in columns]
    return [row for n, row in enumerate(best) if row is not None and not _among(row, best[:n])]


def _among(row: Row, others: Sequence[Row | None]) -> bool:
    return any(row is other for other in others)


def best_row(rows: Iterable[Row], column: Column) -> Row | None:
    """The row with the best finite value; None if there is none.

    A distance of exactly 0 is none of samples: nothing was measured, or something with itself.
    """
    best: Row | None = None
    for row in rows:
        value, held = row.finite(column), best.finite(column) if best else None
        if value == 0 and column.lower_is_better:
            continue
        if value is not None and (held is None or column.better(value, held)):
            best = row
    return best
