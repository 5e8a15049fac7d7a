"""Mean and standard deviation over seeds, and when one mean is told from another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import attrs


@attrs.frozen
class Spread:
    """Finite values of one quantity, a run each.

    `deviation` is the sample standard deviation, None with fewer than two values.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float | None:
        return fmean(self.values) if self.values else None

    @property
    def deviation(self) -> float | None:
        return stdev(self.values) if len(self.values) > 1 else None

    def apart(self, other: Spread) -> bool:
        """|m_1 - m_2| > sqrt(d_1^2 + d_2^2), the standard deviation of a difference of two runs.

        Of one seed, d is unknown and taken to be the other's; where neither is known, never.
        """
        if self.mean is None or other.mean is None:
            return False
        known = [d for d in (self.deviation, other.deviation) if d is not None]
        if not known:
            return False
        return abs(self.mean - other.mean) > math.hypot(known[0], known[-1])


def spread_of(values: Sequence[float | None]) -> Spread:
    """The spread of the finite ones."""
    return Spread(tuple(v for v in values if v is not None and math.isfinite(v)))
