"""Trigonometric (GVP):  alpha(t) = cos(pi t / 2),  sigma(t) = sin(pi t / 2).

arXiv:2303.08797. The variance of x_t stays 1 for data of variance 1.
"""

from __future__ import annotations

import math

from torch import Tensor

from secantfw import Coefficients, Path
from secantfw_basics.options import PathOptions

_QUARTER_TURN = math.pi / 2


class Trigonometric(Path):
    """x_t = cos(pi t / 2) x_0 + sin(pi t / 2) z."""

    def __init__(self, options: PathOptions | None = None) -> None:
        if options is not None:
            self.t_min, self.t_max = options.t_min, options.t_max

    def coefficients(self, t: Tensor) -> Coefficients:
        # Not cos(pi t / 2), which keeps four digits in float32 where t is 0.999.
        alpha, sigma = (_QUARTER_TURN * (1 - t)).sin(), (_QUARTER_TURN * t).sin()
        return Coefficients(
            alpha=alpha,
            sigma=sigma,
            d_alpha=-_QUARTER_TURN * sigma,
            d_sigma=_QUARTER_TURN * alpha,
        )
