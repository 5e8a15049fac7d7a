"""Trigonometric (GVP):  alpha(t) = cos(pi t / 2),  sigma(t) = sin(pi t / 2).

arXiv:2303.08797. The variance of x_t stays 1 for data of variance 1.
"""

from __future__ import annotations

import math

from torch import Tensor

from secantfw import Coefficients, Path
from secantfw_basics.options import WithoutOptions

_QUARTER_TURN = math.pi / 2


class Trigonometric(Path):
    """x_t = cos(pi t / 2) x_0 + sin(pi t / 2) z."""

    def __init__(self, options: WithoutOptions | None = None) -> None:
        del options

    def coefficients(self, t: Tensor) -> Coefficients:
        angle = _QUARTER_TURN * t
        alpha, sigma = angle.cos(), angle.sin()
        return Coefficients(
            alpha=alpha,
            sigma=sigma,
            d_alpha=-_QUARTER_TURN * sigma,
            d_sigma=_QUARTER_TURN * alpha,
        )
