"""Floor grid: a continuous interval whose start is moved to a grid, as the released code of
arXiv:2505.14502 draws the times of SDEI.

    d ~ U[0, 1/N],   u ~ U[d, 1],   t = ceil(N u) / N,   s = t - d

The N starts are not equally likely: each of 2/N .. 1 has probability ln(N / (N-1)), the one
nearest the data the rest (N = 4: .288, .288, .288, .137). `segments` draws them equally often.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times, in_segments
from secantfw_basics.options import FloorGridOptions
from secantfw_basics.times.ends import capabilities, directed, in_range


class FloorGrid(TimeSampler):
    """Times by segment. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: FloorGridOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None."""
        segments = self.options.segments
        length = torch.rand(n, generator=rng, device=rng.device).div_(segments)
        lower = torch.rand(n, generator=rng, device=rng.device).mul_(1 - length)
        start = ((lower + length) * segments).ceil_().clamp_(1, segments) / segments
        t, s = in_range(path, start), in_range(path, start - length)
        t, s = directed(t, s, self.options.direction, rng)
        return complete_times(t, s, need, path, rng)

    def capabilities(self) -> frozenset[str]:
        return capabilities(self.options.direction)

    def trained_steps(self) -> int:
        return self.options.segments

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """From i/N of the path, no further than 1/N."""
        share = torch.linspace(0, 1, self.options.segments + 1, device=t.device)
        return in_segments(in_range(path, share), t, s)
