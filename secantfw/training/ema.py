"""Exponential moving average of the student's parameters, by one foreach operation."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from secantfw.experiment.schema import Ema
from secantfw.interfaces.backbone import Backbone


class Average:
    """ema <- d ema + (1 - d) theta, with d = min(decay, (1 + n) / (10 + n)) at update n while
    warming up, so that the first steps do not drown in the initial weights.
    """

    def __init__(self, student: Backbone, options: Ema) -> None:
        self.options = options
        self.network = copy.deepcopy(student).requires_grad_(False).eval()
        self._live: list[Tensor] = [p for p in student.parameters() if p.requires_grad]
        own = dict(self.network.named_parameters())
        self._average: list[Tensor] = [
            own[n] for n, p in student.named_parameters() if p.requires_grad
        ]

    def decay(self, n: int) -> float:
        """The decay of update n (from 0)."""
        if not self.options.warmup:
            return self.options.decay
        return min(self.options.decay, (1 + n) / (10 + n))

    def update(self, n: int) -> None:
        """Update n (from 0); called without gradients."""
        torch._foreach_lerp_(self._average, self._live, 1.0 - self.decay(n))

    def update_where(self, n: int, keep: Tensor) -> None:
        """Update n if the 0-dim `keep` is 1, none if it is 0, without waiting for the device."""
        weight = keep * (1.0 - self.decay(n))
        torch._foreach_lerp_(self._average, self._live, [weight] * len(self._live))
