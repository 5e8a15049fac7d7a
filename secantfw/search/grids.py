"""The grids that every solver of `GridOptions` is tried on. Imports no torch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

#: sigma_min and sigma_max of level grids: EDM's own, and two that spend no step near either end.
_LEVELS = ((0.002, 80.0), (0.05, 10.0), (0.1, 5.0))


def tried_grids() -> list[Mapping[str, Any]]:
    """Options of `GridOptions`, one mapping a grid; they are 16."""
    by_level = [
        {"spacing": spacing, "sigma_min": low, "sigma_max": high}
        for spacing, (low, high) in itertools.product(("logsnr", "rho"), _LEVELS)
    ]
    quantiles = [
        {"spacing": "logit_normal", "mean": mean, "std": std}
        for mean, std in itertools.product((-0.5, -0.1, 0.3), (0.8, 1.3))
    ]
    shifted = [{"spacing": "shifted", "shift": shift} for shift in (0.5, 2.0, 3.0)]
    return [{"spacing": "uniform"}, *shifted, *by_level, *quantiles]
