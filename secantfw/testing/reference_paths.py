"""The kit's own interpolants, so that a component is never blamed for another's path."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Coefficients


class StraightLine(Path):
    """alpha = 1 - t, sigma = t."""

    def coefficients(self, t: Tensor) -> Coefficients:
        one = torch.ones_like(t)
        return Coefficients(1 - t, t, -one, one)


class ShortenedLine(StraightLine):
    """The same on [0.1, 0.9]: a component that takes the range to be [0, 1] shows."""

    t_min = 0.1
    t_max = 0.9


class QuarterCircle(Path):
    """alpha = cos(pi t / 2), sigma = sin(pi t / 2)."""

    def coefficients(self, t: Tensor) -> Coefficients:
        c = math.pi / 2
        alpha, sigma = (c * t).cos(), (c * t).sin()
        return Coefficients(alpha, sigma, -c * sigma, c * alpha)
