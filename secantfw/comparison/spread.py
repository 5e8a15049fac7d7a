"""Mean and standard deviation over seeds, and when one mean is told from another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev

import attrs

from secantfw.evaluation.told_apart import told_apart


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
        """Whether the means differ by more than their spread; never where one is not there."""
        if self.mean is None or other.mean is None:
            return False
        return told_apart(self.mean, self.deviation, other.mean, other.deviation)


def spread_of(values: Sequence[float | None]) -> Spread:
    """The spread of the finite ones."""
    return Spread(tuple(v for v in values if v is not None and math.isfinite(v)))
