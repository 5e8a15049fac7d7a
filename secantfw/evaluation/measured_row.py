"""A row of an evaluation: what a model under one solver reached, and which of several is best."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from statistics import stdev
from typing import Any

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.evaluation.told_apart import paired_apart, told_apart
from secantfw.pictures.series import Series
from secantfw.sampling.row_guidance import RowGuidance


@attrs.frozen
class Column:
    """One metric: its key in the rows, its title and unit, its direction, what real data reaches,
    and whether it is drawn on a logarithmic axis."""

    key: str
    title: str
    lower_is_better: bool = True
    floor: float | None = None
    unit: str = ""
    log_scale: bool = True

    def better(self, a: float, b: float) -> bool:
        """Whether a is strictly better than b."""
        return a < b if self.lower_is_better else a > b

    @property
    def label(self) -> str:
        """Of an axis: the title, with the unit."""
        return f"{self.title} ({self.unit})" if self.unit else self.title


@attrs.frozen
class Row:
    """One measurement: a model under a solver in a number of steps."""

    model: str
    #: The solver's component; what it is called is `solver`.
    solver_name: str
    steps: int
    nfe: float
    values: Mapping[str, float | None]
    #: The solver's options, where they are told.
    label: str = ""
    guidance: RowGuidance | None = None
    #: What tells its guidance from that of the rows beside it.
    guidance_text: str = ""
    baseline: bool = False
    #: Whether a student takes another number of steps than it was trained for.
    off_grid: bool = False
    #: The name of each value's stamp in `Evaluation.stamps`, by its key.
    stamps: Mapping[str, str] = attrs.field(factory=dict)
    #: The values of each seed, whose noise every row of an evaluation shares.
    by_seed: Mapping[str, tuple[float, ...]] = attrs.field(factory=dict)
    #: Standard deviations over seeds, where there are several; of files without `by_seed` as said.
    deviations: Mapping[str, float] = attrs.field(factory=dict)
    #: What else its metrics say of their values, by their keys.
    details: Mapping[str, Any] = attrs.field(factory=dict)
    #: What was measured of the network itself, by the metric's key.
    measured: Mapping[str, Any] = attrs.field(factory=dict)
    series: Series = attrs.field(init=False, eq=False, repr=False)

    @series.default
    def _series(self) -> Series:
        """Baselines are one; else each solver, its options, and a guidance that is told."""
        if self.baseline:
            return Series(self.model, TUNED)
        parts = (self.solver_name, self.label, self.guidance_text)
        return Series(self.model, " ".join(filter(None, parts)))

    @property
    def solver(self) -> str:
        """The solver as a sentence names it; of a baseline with its grid and guidance."""
        if not self.baseline:
            return self.series.solver
        parts = (self.solver_name, self.label, str(self.guidance or ""))
        return " ".join(filter(None, parts))

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


def spread(values: Mapping[str, tuple[float, ...]]) -> dict[str, float]:
    """The standard deviations of the values of several seeds, by the metric's key."""
    finite = {key: of for key, of in values.items() if all(map(math.isfinite, of))}
    return {key: stdev(of) for key, of in finite.items() if len(of) > 1}


def mean(values: Mapping[str, tuple[float, ...]]) -> dict[str, float | None]:
    """The means of the values of the seeds, by the metric's key."""
    return {key: sum(of) / len(of) for key, of in values.items()}
