"""An accumulator that keeps each sample's features and compares them with the data's at the end.

Memory is a vector per sample, never a picture.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from secantfw import Accumulator
from secantfw_fid.feature_space import FeatureSpace


class KeptFeatures(Accumulator):
    """`compare(features (n, d)) -> number` once all samples are there."""

    def __init__(
        self, space: FeatureSpace, compare: Callable[[Tensor], float], fewest: int
    ) -> None:
        self._space, self._compare, self._fewest = space, compare, fewest
        self._parts: list[Tensor] = []
        self._finite = True

    def update(self, samples: Tensor, endpoints: Tensor | None) -> None:
        # Rounded to uint8 a NaN would look like a grey level and be forgiven.
        self._finite = self._finite and bool(torch.isfinite(samples).all())
        if self._finite and len(samples):
            self._parts.append(self._space.of(samples).detach().to("cpu", torch.float32).clone())

    def value(self) -> float:
        """NaN for fewer than `fewest` samples, and once any sample was not finite."""
        if not self._finite or sum(map(len, self._parts)) < self._fewest:
            return math.nan
        self._parts = [torch.cat(self._parts)]
        return self._compare(self._parts[0])
