"""Where N steps end, as shares 0 = g_0 < ... < g_N = 1 of a time range. Imports no torch.

    uniform        g_i = i / N
    logit_normal   g_i = sigmoid(mean + std q(i / N)),   q the standard normal's quantile

The logit-normal grid has as much of the law that flow matching draws t from (arXiv:2403.03206) in
every step: short steps in the middle, where paths bend, and long ones at both ends.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal

Spacing = Literal["uniform", "logit_normal"]


def shares(steps: int, spacing: Spacing, mean: float, std: float) -> tuple[float, ...]:
    """The N + 1 shares, rising from 0 (data) to 1 (noise)."""
    inner = [i / steps for i in range(1, steps)]
    if spacing == "logit_normal":
        inner = [_sigmoid(mean + std * NormalDist().inv_cdf(g)) for g in inner]
    return (0.0, *inner, 1.0)


def _sigmoid(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
