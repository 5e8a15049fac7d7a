"""How a number depends on how many samples it is of: its bias, where a metric says so."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import attrs

KEY = "finite_samples"


@attrs.frozen
class SampleCurve:
    """The `values` at fewer `samples`, ascending; where one is claimed the extrapolated `limit`,
    with its 95% `interval` (empty: not said)."""

    samples: tuple[float, ...]
    values: tuple[float, ...]
    limit: float | None = None
    interval: tuple[float, ...] = ()


def read_sample_curves(details: Any) -> dict[str, SampleCurve]:
    """Those in a row's `details`, by the metric's key; what is none is left out."""
    said = details if isinstance(details, Mapping) else {}
    found = {key: _read(one.get(KEY)) for key, one in said.items() if isinstance(one, Mapping)}
    return {key: curve for key, curve in found.items() if curve is not None}


def _read(said: Any) -> SampleCurve | None:
    if not isinstance(said, Mapping):
        return None
    samples, values = _numbers(said.get("samples")), _numbers(said.get("values"))
    if not samples or len(samples) != len(values):
        return None
    limit, interval = _numbers([said.get("limit")]), _numbers(said.get("interval"))
    if not limit:
        return SampleCurve(samples, values)
    return SampleCurve(samples, values, limit[0], interval if len(interval) == 2 else ())


def _numbers(found: Any) -> tuple[float, ...]:
    """A list of finite numbers; empty for anything else."""
    if not isinstance(found, list):
        return ()
    good = all(isinstance(v, int | float) and math.isfinite(v) for v in found)
    return tuple(map(float, found)) if good else ()
