"""Times as ratios in one process: interleaved, order alternated, medians.

On a machine that others use, seconds mean little; the ratio of two calls that alternate means
something. A call against itself (A/A) says how much: it is the resolution.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import process_time
from typing import Any

import attrs

Call = Callable[[], Any]


@attrs.frozen
class Paired:
    """Medians over the pairs; seconds are of one call."""

    ratio: float  # second / first
    first: float
    second: float
    difference: float  # second - first
    least: float  # the fastest second - the fastest first, to which other work adds least


def paired(first: Call, second: Call, pairs: int = 60, repeats: int = 1) -> Paired:
    """Both calls in turn, `repeats` of each at a time, after one of each to warm up."""
    first()
    second()
    spent: list[tuple[float, float]] = []
    for number in range(pairs):
        taken: dict[int, float] = {}
        for which in (0, 1) if number % 2 else (1, 0):
            call = (first, second)[which]
            start = process_time()
            for _ in range(repeats):
                call()
            taken[which] = (process_time() - start) / repeats
        spent.append((taken[0], taken[1]))
    return Paired(
        ratio=statistics.median(b / a for a, b in spent),
        first=statistics.median(a for a, _ in spent),
        second=statistics.median(b for _, b in spent),
        difference=statistics.median(b - a for a, b in spent),
        least=min(b for _, b in spent) - min(a for a, _ in spent),
    )
