"""evaluation.json: an evaluation and its rows as JSON, written and read here alone.

    {"schema": 1, "rows": [{"model": "student", "solver": "secant", "steps": 4, "nfe": 4,
     "guidance": 1.0, "KEY OF A METRIC": 0.19, "by_seed": {...}, "stamps": {...}}], "columns": ...}

Files of 0.1.0 say no schema. What is missing is left empty.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import attrs

from secantfw.evaluation.evaluation import Ceiling, Evaluation
from secantfw.evaluation.measured_row import Column, Row, mean, spread
from secantfw.experiment.keys import shorten
from secantfw.sampling.row_guidance import RowGuidance, guidance_labels

SCHEMA = 1
#: Not metrics: what says which row it is, and what goes with its values.
_ROW_KEYS = (
    "model", "solver", "label", "steps", "nfe", "guidance", "guidance_interval", "baseline",
    "off_grid", "stamps", "by_seed", "deviations", "details",
)  # fmt: skip
_KEYS = (
    "schema", "rows", "columns", "samples", "floor", "reference", "references", "nfe",
    "headline_nfe", "ceiling", "seed", "seeds", "weights", "stamps", "overrides",
)  # fmt: skip
_MOST = 2**53  # steps, samples or evaluations


def evaluation_json(evaluation: Evaluation) -> dict[str, Any]:
    """The content of evaluation.json."""
    e = evaluation
    several = {"seeds": list(e.seeds)} if len(e.seeds) > 1 else {}
    return {
        "schema": SCHEMA,
        "rows": [row_json(row) for row in e.rows],
        "columns": [attrs.asdict(column) for column in e.columns],
        "samples": e.samples,
        "nfe": list(e.asked),
        "headline_nfe": e.headline_nfe,
        "reference": e.reference or None,
        "references": [dict(one) for one in e.references],
        **({"seed": e.seeds[0]} if e.seeds else {}),
        **several,
        "weights": e.weights,
        **({} if e.ceiling is None else {"ceiling": attrs.asdict(e.ceiling)}),
        "stamps": {name: dict(stamp) for name, stamp in e.stamps.items()},
        **({"overrides": e.overrides} if e.overrides else {}),
        **e.others,
    }


def row_json(row: Row) -> dict[str, Any]:
    """One of its rows."""
    guidance = row.guidance
    said = {
        "label": row.label,
        "baseline": row.baseline,
        "off_grid": row.off_grid,
        "by_seed": {key: list(values) for key, values in row.by_seed.items()},
        "details": dict(row.details),
        "stamps": dict(row.stamps),
    }
    under = {} if guidance is None else {
        "guidance": guidance.scale, "guidance_interval": list(guidance.interval),
    }  # fmt: skip
    return {
        "model": row.model,
        "solver": row.solver_name,
        "steps": row.steps,
        "nfe": row.nfe,
        **under,
        **row.values,
        **row.measured,
        **{key: value for key, value in said.items() if value},
    }


def read_evaluation(content: Mapping[str, Any]) -> Evaluation:
    """The records of a file's content.

    Raises:
        ValueError: of a later schema, or no evaluation.
        AttributeError, KeyError, TypeError, ArithmeticError: no evaluation.
    """
    if content.get("schema", SCHEMA) != SCHEMA:
        raise ValueError(f"schema {content['schema']!r}; this secantfw reads {SCHEMA}")
    rows = in_order([read_row(row) for row in content.get("rows") or ()])
    headline, samples = content.get("headline_nfe"), content.get("samples")
    return Evaluation(
        columns=_columns(content, rows),
        rows=rows,
        samples=None if samples is None else _count(samples),
        seeds=_seeds(content),
        asked=tuple(_count(n) for n in content.get("nfe") or ()),
        headline_nfe=None if headline is None else _count(headline),
        weights=str(content.get("weights") or ""),
        reference=str(content.get("reference") or ""),
        references=tuple(filter(_is_record, content.get("references") or ())),
        stamps=_records(content.get("stamps")),
        ceiling=_ceiling(content.get("ceiling")),
        overrides=str(content.get("overrides") or ""),
        others={
            key: value
            for key, value in content.items()
            if key not in _KEYS and isinstance(value, str | int | float) and value != ""
        },
    )


def read_row(said: Mapping[str, Any]) -> Row:
    """One row; a guidance is told where it is among others."""
    nfe = said.get("nfe", said.get("steps", 0))
    by_seed = _by_seed(said.get("by_seed"))
    return Row(
        model=str(said.get("model", "")),
        solver_name=str(said.get("solver", "")),
        steps=_count(said.get("steps", 0)),
        nfe=_count(nfe) if float(nfe).is_integer() else float(nfe),
        values={key: _float(value) for key, value in said.items() if _is_value(key, value)},
        label=str(said.get("label") or ""),
        guidance=_guidance(said),
        baseline=said.get("baseline") is True,
        off_grid=said.get("off_grid") is True,
        stamps={k: v for k, v in _mapping(said.get("stamps")).items() if isinstance(v, str)},
        by_seed=by_seed,
        deviations={**_deviations(said.get("deviations")), **spread(by_seed)},
        details=_records(said.get("details")),
        measured={k: v for k, v in said.items() if k not in _ROW_KEYS and _is_record(v)},
    )


def with_seeds(by_seed: Mapping[str, tuple[float, ...]]) -> dict[str, Any]:
    """The fields of a row that come of the values of its seeds."""
    several = len(next(iter(by_seed.values()), ())) > 1
    kept = by_seed if several else {}
    return {"values": mean(by_seed), "by_seed": kept, "deviations": spread(kept)}


def in_order(rows: Sequence[Row]) -> tuple[Row, ...]:
    """By NFE; where there are several guidances, each makes a series of its own."""
    labels = guidance_labels(r.guidance for r in rows if r.guidance and not r.baseline)
    told = [
        row if row.baseline or row.guidance is None else _told(row, labels[row.guidance])
        for row in rows
    ]
    return tuple(sorted(told, key=lambda row: (row.nfe, row.series.rank)))


def _told(row: Row, text: str) -> Row:
    return row if row.guidance_text == text else attrs.evolve(row, guidance_text=text)


def _is_record(value: Any) -> bool:
    return isinstance(value, Mapping)


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _records(said: Any) -> dict[str, Mapping[str, Any]]:
    """The entries that are records."""
    return {key: one for key, one in _mapping(said).items() if isinstance(one, Mapping)}


def _is_value(key: str, value: Any) -> bool:
    if key in _ROW_KEYS or isinstance(value, bool):
        return False
    return value is None or isinstance(value, (int, float))


def _seeds(content: Mapping[str, Any]) -> tuple[int, ...]:
    said = content.get("seeds", [content["seed"]] if "seed" in content else [])
    return tuple(seed for seed in said if type(seed) is int) if isinstance(said, list) else ()


def _guidance(row: Mapping[str, Any]) -> RowGuidance | None:
    """None where the row does not say."""
    scale = _float(row.get("guidance"))
    if not scale:
        return None
    low, high = row.get("guidance_interval") or (0.0, 1.0)
    return RowGuidance(scale, (float(low), float(high)))


def _ceiling(said: Any) -> Ceiling | None:
    if not isinstance(said, Mapping) or not isinstance(said.get("values"), Mapping):
        return None
    values = {key: _float(value) for key, value in said["values"].items()}
    return Ceiling(str(said.get("name", "")), values)


def _by_seed(said: Any) -> dict[str, tuple[float, ...]]:
    """Where every seed has a finite value."""
    lists = {key: values for key, values in _mapping(said).items() if isinstance(values, list)}
    found = {key: tuple(_finite(map(_float, values))) for key, values in lists.items()}
    return {key: values for key, values in found.items() if len(values) == len(lists[key])}


def _deviations(said: Any) -> dict[str, float]:
    found = {key: _float(value) for key, value in _mapping(said).items()}
    return {key: d for key, d in found.items() if d is not None and math.isfinite(d)}


def _finite(values: Iterable[float | None]) -> Iterable[float]:
    return (value for value in values if value is not None and math.isfinite(value))


def _columns(content: Mapping[str, Any], rows: Sequence[Row]) -> tuple[Column, ...]:
    """The columns as declared, else every metric key of the rows; one floor is the first one's."""
    keys = dict.fromkeys(key for row in rows for key in row.values)
    declared = content.get("columns") or [{"key": key} for key in keys]
    columns = [_column(column) for column in declared]
    floor = _float(content.get("floor"))
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
        unit=str(column.get("unit") or ""),
        log_scale=column.get("log_scale") is not False,
    )


def _float(value: Any) -> float | None:
    """A number as float; None for anything else, so that a foreign text key is no metric."""
    return float(value) if isinstance(value, (int, float)) else None


def _count(value: Any) -> int:
    """A number of steps, samples or evaluations, which a chart can still draw."""
    count = int(value)
    if abs(count) > _MOST:
        raise ValueError(f"{shorten(str(count))} is no number of steps, samples or evaluations")
    return count
