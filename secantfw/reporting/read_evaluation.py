"""evaluation.json, parsed, as records (`evaluation_rows.py`); what is missing is left empty."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs

from secantfw.assembly.tuned import TUNED
from secantfw.experiment.keys import shorten
from secantfw.pictures.series import Series
from secantfw.reporting.evaluation_rows import Ceiling, Column, Evaluation, Row
from secantfw.reporting.sample_curve import read_sample_curves
from secantfw.reporting.secant_error import read_secant_error
from secantfw.sampling.row_guidance import RowGuidance, guidance_labels

#: Not metrics: what says which row it is.
_ROW_KEYS = (
    "model", "solver", "label", "steps", "nfe", "guidance", "guidance_interval", "baseline",
    "off_grid",
)  # fmt: skip
#: What an evaluation without stamps says of how all its numbers were measured.
_UNSTAMPED = ("samples", "reference", "feature_sha256", "weights")
_MOST = 2**53
_KNOWN_KEYS = (
    "rows",
    "columns",
    "samples",
    "floor",
    "reference",
    "feature_sha256",
    "nfe",
    "headline_nfe",
    "ceiling",
    "seed",
    "seeds",
)


def read_evaluation(evaluation: Mapping[str, Any]) -> Evaluation:
    """The records of the file's content."""
    said = evaluation.get("rows") or ()
    labels = guidance_labels(_guidance(row) for row in said if _is_guided(row))
    stamps = _stamps(evaluation)
    rows = tuple(_row(stamps, row, labels) for row in said)
    headline = evaluation.get("headline_nfe")
    samples = evaluation.get("samples")
    return Evaluation(
        columns=_columns(evaluation, rows),
        rows=tuple(sorted(rows, key=lambda row: (row.nfe, row.series.rank))),
        samples=None if samples is None else _count(samples),
        reference=str(evaluation.get("reference") or ""),
        feature_sha256=str(evaluation.get("feature_sha256") or ""),
        asked=tuple(_count(n) for n in evaluation.get("nfe") or ()),
        headline_nfe=None if headline is None else _count(headline),
        notes=tuple(_notes(evaluation)),
        secant_error=read_secant_error(said),
        protocol=_texts({key: evaluation.get(key) for key in _UNSTAMPED}),
        ceiling=_ceiling(evaluation.get("ceiling")),
    )


def _notes(evaluation: Mapping[str, Any]) -> Iterator[str]:
    """The seeds, and every entry that is not known: the numbers may depend on it."""
    seeds = evaluation.get("seeds")
    if isinstance(seeds, list):
        yield f"mean ± standard deviation over seeds {', '.join(map(str, seeds))}"
    elif "seed" in evaluation:
        yield f"seed: {evaluation['seed']}"
    for key, value in evaluation.items():
        if key not in _KNOWN_KEYS and isinstance(value, str | int | float) and value != "":
            yield f"{key.replace('_', ' ')}: {value}"


def _stamps(evaluation: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """The stamps by their names."""
    said = evaluation.get("stamps")
    records = said.items() if isinstance(said, Mapping) else ()
    return {name: _texts(record) for name, record in records if isinstance(record, Mapping)}


def _protocols(
    stamps: Mapping[str, dict[str, str]], row: Mapping[str, Any]
) -> dict[str, dict[str, str]]:
    """How each number of a row was measured, by its key: its stamp, where it has one."""
    names = row.get("stamps")
    pairs = names.items() if isinstance(names, Mapping) else ()
    return {k: stamps[name] for k, name in pairs if isinstance(name, str) and name in stamps}


def _texts(record: Mapping[str, Any]) -> dict[str, str]:
    """The entries that apply, as text."""
    return {
        key: value if isinstance(value, str) else _text(value)
        for key, value in record.items()
        if value not in (None, "", [], {})
    }


def _text(value: Any) -> str:
    return str(value) if type(value) is int else json.dumps(value)


def _row(
    stamps: Mapping[str, dict[str, str]], row: Mapping[str, Any], labels: Mapping[RowGuidance, str]
) -> Row:
    """A row; where there are several guidances, each makes a series of its own, as does the label
    of a solver that stands several times. Baselines are one series.
    """
    label = f" {row['label']}" if row.get("label") else ""
    guidance = f" {labels[_guidance(row)]}".rstrip() if _is_guided(row) else ""
    baseline = row.get("baseline") is True
    said = str(row.get("solver", "")) + label
    nfe = row.get("nfe", row.get("steps", 0))
    return Row(
        series=Series(str(row.get("model", "")), TUNED if baseline else said + guidance),
        steps=_count(row.get("steps", 0)),
        nfe=_count(nfe) if float(nfe).is_integer() else float(nfe),
        values={
            key: _float(value)
            for key, value in row.items()
            if key not in _ROW_KEYS
            and (value is None or isinstance(value, int | float))
            and not isinstance(value, bool)
        },
        protocols=_protocols(stamps, row),
        deviations=_deviations(row.get("deviations")),
        by_seed=_by_seed(row.get("by_seed")),
        curves=read_sample_curves(row.get("details")),
        detail=f"{said} {_guidance(row)}".strip() if baseline else "",
        off_grid=row.get("off_grid") is True,
    )


def _is_guided(row: Mapping[str, Any]) -> bool:
    """Whether a row of the experiment says its guidance."""
    return row.get("baseline") is not True and bool(_float(row.get("guidance")))


def _guidance(row: Mapping[str, Any]) -> RowGuidance:
    low, high = row.get("guidance_interval") or (0.0, 1.0)
    return RowGuidance(_float(row.get("guidance")) or 1.0, (float(low), float(high)))


def _ceiling(said: Any) -> Ceiling | None:
    if not isinstance(said, Mapping) or not isinstance(said.get("values"), Mapping):
        return None
    values = {key: _float(value) for key, value in said["values"].items()}
    return Ceiling(str(said.get("name", "")), values)


def _by_seed(said: Any) -> dict[str, tuple[float, ...]]:
    """Where every seed has a finite value."""
    values_of = said.items() if isinstance(said, Mapping) else ()
    finite = {
        key: tuple(v for v in map(_float, values) if v is not None and math.isfinite(v))
        for key, values in values_of
        if isinstance(values, list)
    }
    return {key: values for key, values in finite.items() if len(values) == len(said[key])}


def _deviations(said: Any) -> dict[str, float]:
    found = {key: _float(value) for key, value in dict(said or {}).items()}
    return {key: d for key, d in found.items() if d is not None and math.isfinite(d)}


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


def _count(value: Any) -> int:
    """A number of steps, samples or evaluations, which a chart can still draw."""
    count = int(value)
    if abs(count) > _MOST:
        raise ValueError(f"{shorten(str(count))} is no number of steps, samples or evaluations")
    return count
