"""The Frechet distance of infinitely many samples, and how sure one can be of it.

    d(n) = limit + c / n,   by least squares over the sizes n

The 95% interval is that of the fit's intercept, of two parts that add as squares:

- t_{0.975, k-2} times the standard error of the intercept, from the scatter of the k sizes about
  their line;
- t_{0.975, m-1} s / sqrt(m), with s the standard deviation of the distances of the m smallest
  groups. The sizes are of the same samples, so what these happen to be moves all of the line, and
  no scatter about it shows that.

No limit is claimed from fewer than 4 sizes, or from any of fewer than 1,000 samples: there the
terms beyond c / n bend the line.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import attrs
import numpy as np

LEAST_SIZES, LEAST_SAMPLES = 4, 1_000
#: 97.5% quantiles of Student's t by its degrees of freedom.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365)


@attrs.frozen
class Extrapolation:
    """The intercept over 1/n, and its 95% interval."""

    limit: float
    interval: tuple[float, float]


def extrapolated(groups: Mapping[float, Sequence[float]]) -> Extrapolation | None:
    """From the distances of all groups of each size, by size; None where no limit is claimed."""
    if len(groups) < LEAST_SIZES or min(groups) < LEAST_SAMPLES:
        return None
    smallest = groups[min(groups)]
    if len(smallest) < 2:
        return None
    x = 1 / np.fromiter(groups, float)
    y = np.array([np.mean(found) for found in groups.values()])
    slope, limit = np.polyfit(x, y, 1)
    k, m = len(x), len(smallest)
    centred = x - x.mean()
    residual = ((y - limit - slope * x) ** 2).sum() / (k - 2)
    fit = math.sqrt(residual * (1 / k + x.mean() ** 2 / (centred**2).sum()))
    samples = float(np.std(smallest, ddof=1)) / math.sqrt(m)
    half = math.hypot(_t(k - 2) * fit, _t(m - 1) * samples)
    return Extrapolation(float(limit), (float(limit - half), float(limit + half)))


def _t(freedom: int) -> float:
    return _T[min(freedom, len(_T)) - 1]
