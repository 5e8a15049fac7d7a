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

from secantfw import MetricSite, Observation, ObservingMetric, Reduction, SampleBlock
from secantfw_fid.options import TrajectoryOptions


class Trajectory(ObservingMetric):
    """Needs `endpoints`: the ends of a fine solve from the noise of each sample."""

    key = "trajectory_mse"
    title = "Trajectory error"
    requires: ClassVar[frozenset[str]] = frozenset({"endpoints"})

    def __init__(self, options: TrajectoryOptions, site: MetricSite) -> None:
        pass

    @property
    def observations(self) -> tuple[Observation, ...]:
        return (SquaredError(),)

    def reduction(self) -> Reduction:
        return Mean()


class SquaredError(Observation):
    """(n, 1) float64: each sample's mean square over its dimensions."""

    key = "squared error of the end"

    def of(self, block: SampleBlock) -> Tensor:
        x, ends = block.x, block.endpoints
        if ends is None or ends.shape != x.shape:
            raise ValueError("trajectory: endpoints must come with the samples, one for each")
        squares = (x.to(torch.float32) - ends.to(torch.float32)).square()
        return squares.cpu().double().flatten(1).mean(1, keepdim=True)


class Mean(Reduction):
    """The mean over the samples."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def take(self, *observed: Tensor) -> None:
        self._sum += float(observed[0].sum())
        self._count += len(observed[0])

    def value(self) -> float:
        return self._sum / self._count if self._count else math.nan
