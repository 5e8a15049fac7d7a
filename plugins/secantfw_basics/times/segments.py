"""Segments: t on a grid of N segments, s uniform in the segment that ends at t (arXiv:2505.14502).

    i ~ U{1..N},   t = i/N,   s ~ U[(i-1)/N, i/N]

The pairs (i/N, (i-1)/N) of an N-step sampler are the ends of this law.
"""

from __future__ import annotations

import torch

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times
from secantfw_basics.options import SegmentsOptions
from secantfw_basics.times.ends import capabilities, directed, in_range


class Segments(TimeSampler):
    """Times by segment. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: SegmentsOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None."""
        segments = self.options.segments
        i = torch.randint(
            1, segments + 1, (n,), generator=rng, device=rng.device, dtype=torch.float32
        )
        u = torch.rand(n, generator=rng, device=rng.device)
        t, s = in_range(path, i / segments), in_range(path, (i - u) / segments)
        t, s = directed(t, s, self.options.direction, rng)
        return complete_times(t, s, need, path, rng)

    def capabilities(self) -> frozenset[str]:
        return capabilities(self.options.direction)
