"""When one mean over seeds is told from another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, stdev


def told_apart(m_1: float, d_1: float | None, m_2: float, d_2: float | None) -> bool:
    """|m_1 - m_2| > sqrt(d_1^2 + d_2^2), the standard deviation of a difference of two runs.

    Of one seed, d is unknown and taken to be the other's; where neither is known, never.
    """
    known = [d for d in (d_1, d_2) if d is not None]
    return bool(known) and abs(m_1 - m_2) > math.hypot(known[0], known[-1])


def paired_apart(pairs: Sequence[tuple[float, float]]) -> bool:
    """|mean of m_1 - m_2| > its standard deviation over at least two pairs, each on one noise."""
    differences = [m_1 - m_2 for m_1, m_2 in pairs]
    return abs(fmean(differences)) > stdev(differences)
