"""How numbers are written in tables, sentences and charts."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable

NOT_MEASURED = "–"


def number(value: float | None) -> str:
    """Three significant digits, trailing zeros kept: 1.20, 14.0, 0.0312, 1.2e-05; NaN as NaN."""
    if value is None:
        return NOT_MEASURED
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-3:
        return f"{value:.2e}"
    if size >= 100:
        return f"{value:.0f}"
    return f"{value:#.3g}"


def decimals(values: Iterable[float | None]) -> int | None:
    """How many decimals align a column and keep three digits of its smallest number.

    None for a column that spans too much to be aligned: `aligned` then writes three digits each.
    """
    sizes = [abs(v) for v in values if v is not None and math.isfinite(v) and v != 0]
    if not sizes:
        return None
    places = max(2 - math.floor(math.log10(min(sizes))), 0)
    return places if places <= 4 and max(sizes) < 1e5 else None


def aligned(value: float | None, places: int | None) -> str:
    """A number of a column with `places` decimals, as papers align them."""
    if value is None or not math.isfinite(value) or places is None:
        return number(value)
    return f"{value:.{places}f}"


def mean_text(mean: float | None, deviation: float | None, places: int | None) -> str:
    """`1.20 ± 0.03`, both with `places` decimals, or with those of three digits of the mean."""
    if mean is None or deviation is None or not math.isfinite(mean):
        return aligned(mean, places)
    places = _own_places(mean) if places is None else places
    return f"{aligned(mean, places)} ± {aligned(deviation, places)}"


def _own_places(mean: float) -> int | None:
    """Those of three digits; None for a number that is better written with an exponent."""
    places = max(2 - math.floor(math.log10(abs(mean))), 0) if mean else 0
    return places if places <= 6 and abs(mean) < 1e5 else None


def ratio(value: float, reference: float) -> str | None:
    """`0.41x`, or None where a quotient means nothing."""
    if not (math.isfinite(value) and math.isfinite(reference)) or reference == 0:
        return None
    quotient = value / reference
    return f"{quotient:.2f}x" if quotient >= 0.1 else f"{quotient:.2g}x"


def count(amount: int, noun: str) -> str:
    """`1 evaluation`, `2,048 samples`."""
    return f"{amount:,} {noun}" if amount == 1 else f"{amount:,} {noun}s"


_MOST_SECONDS = datetime.timedelta.max.total_seconds()


def duration(seconds: float) -> str:
    """`41 s`, or `0:02:41` from two minutes on."""
    if not 0 <= seconds < _MOST_SECONDS:
        return NOT_MEASURED
    return f"{seconds:.0f} s" if seconds < 120 else str(datetime.timedelta(seconds=int(seconds)))
