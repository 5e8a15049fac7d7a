"""Loss spikes: losses far above the running mean, worth a line and no more."""

from __future__ import annotations

import math

_DECAY = 0.98  # of the running mean and variance: they remember some 50 steps
_FIRST = 50  # losses before the first verdict
_DEVIATIONS = 8.0


class SpikeWatch:
    """A loss l is a spike if l > m + 8 sd, with the running mean m and standard deviation sd.

    A spike enters the mean as m + 8 sd only, so that one does not hide the next.
    """

    def __init__(self) -> None:
        self.mean = self._square = 0.0
        self._seen = 0

    @property
    def deviation(self) -> float:
        return math.sqrt(max(self._square, 0.0))

    def is_spike(self, loss: float) -> bool:
        """Whether `loss` is one; it becomes part of the mean."""
        limit = self.mean + _DEVIATIONS * max(self.deviation, 1e-3 * abs(self.mean))
        spike = self._seen >= _FIRST and loss > limit
        self._seen += 1
        weight = max(1.0 - _DECAY, 1.0 / self._seen)
        delta = (limit if spike else loss) - self.mean
        self.mean += weight * delta
        self._square = (1.0 - weight) * (self._square + weight * delta * delta)
        return spike
