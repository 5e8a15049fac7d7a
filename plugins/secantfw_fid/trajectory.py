"""trajectory: how far samples end from where the teacher's ODE ends, from the same noise.

    mean over samples and dimensions of (x - x_fine)^2

in units of the data squared. It says how well a student follows its teacher, which the Frechet
distance does not; a student trained on data leaves the teacher's curve on purpose.
"""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from torch import Tensor

from secantfw import Accumulator, Metric, MetricSite
from secantfw_fid.options import TrajectoryOptions


class Trajectory(Metric):
    """Needs `endpoints`: the ends of a fine solve from the noise of each sample."""

    key = "trajectory_mse"
    title = "Trajectory error"
    requires: ClassVar[frozenset[str]] = frozenset({"endpoints"})

    def __init__(self, options: TrajectoryOptions, site: MetricSite) -> None:
        pass

    def accumulator(self) -> Accumulator:
        return TrajectoryAccumulator()


class TrajectoryAccumulator(Accumulator):
    """The sum of squares and how many numbers went into it."""

    def __init__(self) -> None:
        self._sum, self._numbers = 0.0, 0

    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        if endpoints is None or endpoints.shape != samples.shape:
            raise ValueError("trajectory: endpoints must come with the samples, one for each")
        squares = (samples.to(torch.float32) - endpoints.to(torch.float32)).square()
        self._sum += float(squares.cpu().double().sum())
        self._numbers += samples.numel()

    def value(self) -> float:
        return self._sum / self._numbers if self._numbers else math.nan
