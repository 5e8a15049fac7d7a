"""How much of a number is due to how few samples it is of: a table a metric that says so."""

from __future__ import annotations

import attrs

from secantfw.reporting.evaluation_rows import Column, Evaluation, Row
from secantfw.reporting.headline import nfe_compared
from secantfw.reporting.number_text import aligned, decimals
from secantfw.reporting.sample_curve import SampleCurve


@attrs.frozen
class SampleTable:
    """The rows at one NFE: name, a value for each of `heads`; a limit last."""

    title: str
    nfe: int
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def sample_tables(evaluation: Evaluation) -> list[SampleTable]:
    """At the NFE that the headline compares, for each column with such values."""
    found = (_table(evaluation, column) for column in evaluation.columns)
    return [table for table in found if table is not None]


def _name(row: Row, nfe: int) -> str:
    """The model under its solver, with its own NFE where that is less."""
    own = "" if row.nfe == nfe else f" ({row.nfe:g} NFE)"
    return f"{row.series.model}, {row.solver}{own}"


def _table(evaluation: Evaluation, column: Column) -> SampleTable | None:
    at = nfe_compared(evaluation)
    curves = {
        _name(row, at): row.curves[column.key]
        for row in evaluation.at(at)
        if column.key in row.curves
    }
    if not curves:
        return None
    counts = next(iter(curves.values())).samples
    alike = {name: curve for name, curve in curves.items() if curve.samples == counts}
    places = decimals(value for curve in alike.values() for value in curve.values)
    claimed = any(curve.limit is not None for curve in alike.values())
    rows = tuple(
        (
            name,
            *(aligned(value, places) for value in curve.values),
            *([_limit(curve, places)] if claimed else []),
        )
        for name, curve in alike.items()
    )
    heads = (*(f"{n:,.0f}" for n in counts), *(["∞ (95%)"] if claimed else []))
    return SampleTable(column.title, at, heads, rows)


def _limit(curve: SampleCurve, places: int | None) -> str:
    """`0.41 (0.38 to 0.44)`."""
    text = aligned(curve.limit, places)
    low_high = " to ".join(aligned(end, places) for end in curve.interval)
    return f"{text} ({low_high})" if low_high else text
