"""The baselines file: JSON, readable, with solvers as the tables an experiment would name them by."""  # noqa: E501

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import attrs

from secantfw.baselines.records import (
    Baselines,
    Candidate,
    CeilingValues,
    Finalist,
    SearchSettings,
    TeacherIdentity,
)
from secantfw.baselines.tables import solver_table
from secantfw.discovery.registry import Registry
from secantfw.errors import SecantfwError, UserError, printable
from secantfw.experiment.components import choose_from
from secantfw.runtime.files import write_json
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import read_regular
from secantfw.sampling.row_guidance import RowGuidance

SCHEMA = 1
_MOST_BYTES = 4 * 2**20
T = TypeVar("T")


def write_baselines(file: Path, baselines: Baselines) -> None:
    """Write the file, whole or not at all; equal baselines, equal bytes.

    Raises:
        OSError: it cannot be written.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    b = baselines
    settings = attrs.asdict(b.settings)
    settings["guidance"] = _guidance_json(b.settings.guidance)
    write_json(
        file,
        {
            "schema": SCHEMA,
            "teacher": attrs.asdict(b.teacher),
            "search": {**settings, "rungs": list(b.settings.rungs)},
            "metrics": {key: dict(b.protocols[key]) for key in sorted(b.protocols)},
            "finalists": {
                str(nfe): [_finalist_json(f) for f in b.finalists[nfe]]
                for nfe in sorted(b.finalists)
            },
            "ceilings": [
                {
                    **_candidate_json(c.candidate),
                    "samples": c.samples,
                    "seeds": c.seeds,
                    "values": dict(c.values),
                }
                for c in b.ceilings
            ],
            "dropped": list(b.dropped),
        },
    )


def read_teacher(file: Path) -> TeacherIdentity:
    """Which teacher the file is of.

    Raises:
        UserError: no baselines file.
    """
    return _reading(file, lambda record: _teacher(record["teacher"]))


def read_baselines(file: Path, registry: Registry) -> Baselines:
    """The content; finalists by a solver that is not installed here are left out.

    Raises:
        UserError: no baselines file, or one that this secantfw cannot read.
    """
    return _reading(file, lambda record: _baselines(record, registry))


def _reading(file: Path, read: Callable[[Any], T]) -> T:
    try:
        record = parse_json(read_regular(Path(os.path.realpath(file)), _MOST_BYTES))
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise UserError(f"{file}: no baselines file: not JSON ({error})") from error
    schema = record.get("schema") if isinstance(record, Mapping) else None
    if type(schema) is int and schema != SCHEMA:
        raise UserError(f"{file}: baselines of schema {schema}; this secantfw reads {SCHEMA}")
    try:
        if schema != SCHEMA:
            raise KeyError("schema")
        return read(record)
    except KeyError as error:
        raise UserError(f"{file}: no baselines file: it lacks {error}") from error
    except (TypeError, ValueError, AttributeError, IndexError, ArithmeticError) as error:
        what = printable(str(error))[:200]
        raise UserError(f"{file}: no baselines file: {what}") from error


def _baselines(record: Any, registry: Registry) -> Baselines:
    search = record["search"]
    return Baselines(
        teacher=_teacher(record["teacher"]),
        settings=SearchSettings(
            str(search["secantfw"]),
            str(search["torch"]),
            str(search["device"]),
            int(search["seed"]),
            int(search["compute_batch"]),
            tuple(map(int, search["rungs"])),
            _guidance(search["guidance"]),
        ),
        protocols={key: {**protocol} for key, protocol in record["metrics"].items()},
        finalists={
            int(nfe): tuple(f for one in found if (f := _finalist(one, registry)))
            for nfe, found in record["finalists"].items()
        },
        ceilings=tuple(c for one in record["ceilings"] if (c := _ceiling(one, registry))),
        dropped=tuple(map(str, record["dropped"])),
    )


def _teacher(record: Any) -> TeacherIdentity:
    return TeacherIdentity(
        str(record["fingerprint"]), str(record["component"]), int(record["parameters"])
    )


def _candidate_json(candidate: Candidate) -> dict[str, Any]:
    return {
        "solver": solver_table(candidate.solver),
        "steps": candidate.steps,
        "nfe": candidate.nfe,
        "guidance": _guidance_json(candidate.guidance),
    }


def _guidance_json(guidance: RowGuidance) -> dict[str, Any]:
    return {"scale": guidance.scale, "interval": list(guidance.interval)}


def _finalist_json(finalist: Finalist) -> dict[str, Any]:
    return {
        "objective": finalist.objective,
        **_candidate_json(finalist.candidate),
        "samples": finalist.samples,
        "score": finalist.score,
    }


def _candidate(record: Any, registry: Registry) -> Candidate | None:
    if not isinstance(record["solver"], Mapping):
        raise TypeError("a solver is a table")
    try:
        chosen = choose_from(registry, "solver", record["solver"])
    except SecantfwError:
        return None  # of a plug-in that is not here, or of an option that it no longer has
    steps, nfe = int(record["steps"]), int(record["nfe"])
    if steps < 1 or nfe < 1:
        raise ValueError(f"a candidate of {steps} steps and {nfe} NFE")
    return Candidate(chosen, steps, nfe, _guidance(record["guidance"]))


def _guidance(record: Any) -> RowGuidance:
    low, high = map(float, record["interval"])
    scale = float(record["scale"])
    if not (math.isfinite(scale) and scale >= 0 and 0 <= low < high <= 1):
        raise ValueError(f"guidance of scale {scale:g} in [{low:g}, {high:g}]")
    return RowGuidance(scale, (low, high))


def _finalist(record: Any, registry: Registry) -> Finalist | None:
    found = _candidate(record, registry)
    objective, score = str(record["objective"]), float(record["score"])
    samples = int(record["samples"])
    return None if found is None else Finalist(objective, found, samples, score)


def _ceiling(record: Any, registry: Registry) -> CeilingValues | None:
    found = _candidate(record, registry)
    values = {str(k): float(v) for k, v in record["values"].items() if v is not None}
    samples, seeds = int(record["samples"]), int(record["seeds"])
    return None if found is None else CeilingValues(found, samples, seeds, values)
