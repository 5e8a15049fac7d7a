"""What a Frechet distance would be with more samples (arXiv:1911.07023).

    FID(n) = FID + c / n + ...

so the distances of all n samples and of n/2, n/4, n/8 of them, each a mean over groups, lie on a
line over 1/n, whose value at 0 is the limit (`extrapolation.py`). Eight running Gaussians are
kept, whose sums are those of any union: one pass, constant memory. Sizes of no more samples than
features are left out: there the covariance is singular and the law another.

A sample goes to the part that a hash of its bits names: neither the order nor the pieces in which
samples come matter, nor their numbers (labels are the number modulo how many classes there are, so
parts by number modulo 8 would see some classes alone).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from secantfw import Observation, SampleBlock
from secantfw_fid.extrapolation import extrapolated
from secantfw_fid.gaussian import Gaussian, RunningGaussian, frechet_distance

PARTS = 8
_GOLDEN = -0x61C8864680B583EB  # 2^64 / golden ratio, as a signed integer


class Part(Observation):
    """(n,) int64: the part of each sample, by its float32 bits alone."""

    key = "part of the sample curve"

    def of(self, block: SampleBlock) -> Tensor:
        return parts_of(block.x)


def parts_of(samples: Tensor) -> Tensor:
    """The part of each of n samples, (n,) int64."""
    bits = samples.flatten(1).float().contiguous().view(torch.int32).long()
    odd = 2 * torch.arange(bits.shape[1], device=bits.device) + 1
    key = (bits * odd).sum(1) * _GOLDEN  # integers wrap: no order of summation matters
    return key >> 61 & PARTS - 1  # its three highest bits


class SampleCurve:
    """Sums of features of each eighth of the samples."""

    def __init__(self, dimension: int) -> None:
        self._dimension, self._count = dimension, 0
        self._parts = [RunningGaussian(dimension) for _ in range(PARTS)]

    def add(self, part_of: Tensor, features: Tensor) -> None:
        """Take n more samples: their parts (n,), and their features (n, d)."""
        for part in range(PARTS):
            self._parts[part].add(features[part_of == part])
        self._count += len(features)

    def groups(self, reference: Gaussian, most_groups: int = PARTS) -> dict[float, list[float]]:
        """Mean numbers of samples, and the distances of so many groups of each at most."""
        return {
            self._count * size / PARTS: self._distances(size, reference, most_groups)
            for size in (1, 2, 4, 8)
            if self._count * size // PARTS > self._dimension + 1
        }

    def _distances(self, size: int, reference: Gaussian, most_groups: int) -> list[float]:
        """Of each group of `size` parts."""
        groups = [self._parts[i : i + size] for i in range(0, PARTS, size)][:most_groups]
        gaussians = [reduce(RunningGaussian.plus, group).gaussian() for group in groups]
        return [frechet_distance(g, reference) for g in gaussians if g is not None]


def curve_details(groups: Mapping[float, Sequence[float]]) -> dict[str, Any]:
    """The curve as JSON: `samples` and mean `values`; where there is one a `limit` and its 95%
    `interval`."""
    said: dict[str, Any] = {
        "samples": list(groups),
        "values": [sum(found) / len(found) for found in groups.values()],
    }
    found = extrapolated(groups)
    if found is not None:
        said |= {"limit": found.limit, "interval": list(found.interval)}
    return said
