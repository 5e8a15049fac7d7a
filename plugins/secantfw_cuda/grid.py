"""The time grid of `secant`, in two parts: constants made beforehand, and what depends on t, s.

A recorded graph can hold the second only: numbers that come from the host cannot be recorded.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import attrs
import torch
from torch import Tensor

from secantfw_cuda.options import SecantCompiledOptions, SecantGraphOptions


@attrs.frozen(eq=False)
class Shares:
    """The shares 0..1 of the way from t to s at which the steps end, (N + 1, 1) each."""

    falling: Tensor  # for a row with t > s
    rising: Tensor | None = None  # for the others; None: the same

    def times(self, t: Tensor, s: Tensor) -> Tensor:
        """(N + 1, B), exact at both ends."""
        if self.rising is None:
            return torch.lerp(t, s, self.falling)
        return torch.lerp(t, s, torch.where(t > s, self.falling, self.rising))


def shares(options: SecantGraphOptions | SecantCompiledOptions, steps: int, t: Tensor) -> Shares:
    """Of t's dtype and device: i / N, or sigmoid(mean + std q(i / N)) rising from the data.

    Raises:
        ValueError: fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    if options.spacing == "uniform":
        equal = torch.linspace(0, 1, steps + 1, dtype=t.dtype, device=t.device)
        return Shares(equal.unsqueeze(1))
    quantiles = [NormalDist().inv_cdf(i / steps) for i in range(1, steps)]
    inner = [1 / (1 + math.exp(-(options.mean + options.std * q))) for q in quantiles]
    rising = t.new_tensor((0.0, *inner, 1.0)).unsqueeze(1)
    return Shares(1 - rising.flip(0), rising)
