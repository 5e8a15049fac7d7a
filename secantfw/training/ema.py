"""Exponential moving average of the student's parameters, by one foreach operation."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from secantfw.experiment.schema import Ema
from secantfw.interfaces.backbone import Backbone


class Average:
    """ema <- d ema + (1 - d) theta, at update n = 0, 1, ... of B images each, with

        d = decay;  while warming up  d = min(decay, (1 + n) / (10 + n))
        or d = 2^(-B / h),  h = halflife_images;  ramped up  h = min(halflife_images, ratio n B).

    Both starts keep the first steps from drowning in the initial weights. The half-life is EDM's
    (arXiv:2206.00364, training loop); at its first update h = 0, and the average is the student.
    """

    def __init__(self, student: Backbone, options: Ema, batch_size: int) -> None:
        self.options, self.batch_size = options, batch_size
        self.network = copy.deepcopy(student).requires_grad_(False).eval()
        self._live: list[Tensor] = [p for p in student.parameters() if p.requires_grad]
        own = dict(self.network.named_parameters())
        self._average: list[Tensor] = [
            own[n] for n, p in student.named_parameters() if p.requires_grad
        ]

    def hold(self, student: Backbone, local: Callable[[nn.Parameter], nn.Parameter]) -> None:
        """From now on update `local(p)` alone, of each parameter of student and average."""
        own = dict(self.network.named_parameters())
        trained = [(n, p) for n, p in student.named_parameters() if p.requires_grad]
        self._live = [local(p) for _, p in trained]
        self._average = [local(own[n]) for n, _ in trained]

    def decay(self, n: int) -> float:
        """The decay of update n (from 0), d."""
        o = self.options
        if o.halflife_images is not None:
            return self._decay_by_images(n, o.halflife_images)
        assert o.decay is not None  # resolving an experiment has settled it
        return min(o.decay, (1 + n) / (10 + n)) if o.warmup else o.decay

    def _decay_by_images(self, n: int, halflife: float) -> float:
        if self.options.rampup_ratio is not None:
            halflife = min(halflife, self.options.rampup_ratio * n * self.batch_size)
        return math.pow(0.5, self.batch_size / max(halflife, 1e-8))

    def update(self, n: int) -> None:
        """Update n (from 0); called without gradients."""
        torch._foreach_lerp_(self._average, self._live, 1.0 - self.decay(n))

    def update_where(self, n: int, keep: Tensor) -> None:
        """Update n if the 0-dim `keep` is 1, none if it is 0, without waiting for the device."""
        weight = keep * (1.0 - self.decay(n))
        torch._foreach_lerp_(self._average, self._live, [weight] * len(self._live))
