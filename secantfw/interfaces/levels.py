"""Times by their noise level rho = sigma / alpha, which grows with t on every path."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.interfaces.path import Path

#: Bisections: one more would not change a time of this dtype.
_HALVINGS = {torch.float32: 26, torch.float64: 54}


def time_of_level(path: Path, level: Tensor) -> Tensor:
    """The times at which sigma(t) = level alpha(t), of level's shape, float32 or float64; for a
    level that the path does not reach, its end, t_min or t_max.
    """
    wanted = level.flatten()
    low, high = torch.full_like(wanted, path.t_min), torch.full_like(wanted, path.t_max)
    for _ in range(_HALVINGS[level.dtype]):
        middle = 0.5 * (low + high)
        c = path.coefficients(middle)
        above = c.sigma > wanted * c.alpha
        low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    return (0.5 * (low + high)).view_as(level)
