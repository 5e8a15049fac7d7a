"""How much of a number is due to how few samples it is of: tables and a sentence in a report.

"details": {"frechet_distance": {"finite_samples": {
    "samples": [256, 512, ...], "values": [...], "limit": 0.14, "interval": [0.12, 0.16]}}}
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from secantfw import ReportCell, ReportedEvaluation, ReportedRow, ReportNote, ReportTable

KEY = "finite_samples"
_NOTE = "samples in groups of these sizes"
_LINE = ", and the straight line through the values over 1/n, at infinitely many"


@attrs.frozen
class Curve:
    """The `values` at fewer `samples`, ascending; where one is claimed the extrapolated `limit`,
    with its 95% `interval` (empty: not said)."""

    samples: tuple[float, ...]
    values: tuple[float, ...]
    limit: float | None = None
    interval: tuple[float, ...] = ()


def sample_tables(evaluation: ReportedEvaluation) -> Iterator[ReportTable]:
    """At the NFE that the first sentence compares, for each metric with such values."""
    for key, title in evaluation.columns.items():
        compared = [row for row in evaluation.rows if row.compared]
        curves = {_name(row, evaluation.nfe): curve_of(row, key) for row in compared}
        known = {name: curve for name, curve in curves.items() if curve is not None}
        if known:
            yield _table(evaluation, title, known)


def limit_notes(evaluation: ReportedEvaluation) -> Iterator[ReportNote]:
    """What infinitely many samples would make of the first sentence's number."""
    first = next(iter(evaluation.columns), "")
    for row in evaluation.rows:
        curve = curve_of(row, first) if row.subject else None
        if curve is not None and curve.limit is not None:
            low_high = " to ".join(map(_number, curve.interval))
            sure = f" (95%: {low_high})" if low_high else ""
            yield ReportNote(
                f"The {row.model}'s is of {curve.samples[-1]:,.0f} samples; extrapolated to "
                f"infinitely many it is {_number(curve.limit)}{sure}."
            )


def curve_of(row: ReportedRow, key: str) -> Curve | None:
    """What the metric `key` says of fewer samples; None where it is not what it should be."""
    said = row.details.get(key, {}).get(KEY)
    if not isinstance(said, Mapping):
        return None
    samples, values = _numbers(said.get("samples")), _numbers(said.get("values"))
    if not samples or len(samples) != len(values):
        return None
    limit, interval = _numbers([said.get("limit")]), _numbers(said.get("interval"))
    if not limit:
        return Curve(samples, values)
    return Curve(samples, values, limit[0], interval if len(interval) == 2 else ())


def _table(evaluation: ReportedEvaluation, title: str, curves: Mapping[str, Curve]) -> ReportTable:
    counts = next(iter(curves.values())).samples
    alike = {name: curve for name, curve in curves.items() if curve.samples == counts}
    claimed = any(curve.limit is not None for curve in alike.values())
    rows = tuple(
        (name, *curve.values, *([_limit(curve)] if claimed else []))
        for name, curve in alike.items()
    )
    whose = "first seed's" if evaluation.several_seeds else "same"
    return ReportTable(
        title=f"{title} of fewer samples",
        heads=("Model, solver", *(f"{n:,.0f}" for n in counts), *(["∞ (95%)"] if claimed else [])),
        rows=rows,
        note=f"At {evaluation.nfe} NFE: the {whose} {_NOTE}{_LINE if claimed else ''}. Compare "
        "only numbers of equally many samples.",
    )


def _name(row: ReportedRow, nfe: int) -> str:
    """The model under its solver, with its own NFE where that is less."""
    own = "" if row.nfe == nfe else f" ({row.nfe:g} NFE)"
    return f"{row.model}, {row.solver}{own}"


def _limit(curve: Curve) -> ReportCell:
    if curve.limit is None:
        return ""
    return (curve.limit, *curve.interval) if curve.interval else curve.limit  # type: ignore


def _number(value: float) -> str:
    """In three digits."""
    return f"{value:#.3g}".rstrip(".")


def _numbers(found: Any) -> tuple[float, ...]:
    """A list of finite numbers; empty for anything else."""
    if not isinstance(found, list):
        return ()
    good = all(isinstance(v, (int, float)) and math.isfinite(v) for v in found)
    return tuple(map(float, found)) if good else ()
