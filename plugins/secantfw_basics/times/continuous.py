"""Continuous: an interval of random length, placed uniformly (arXiv:2505.14502).

    d ~ U[0, 1/N],   s ~ U[0, 1 - d],   t = s + d

Steps between any two times are learnt, up to the length 1/N.
"""

from __future__ import annotations

import torch

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times
from secantfw_basics.options import ContinuousOptions
from secantfw_basics.times.ends import capabilities, directed, in_range


class Continuous(TimeSampler):
    """Times off the grid. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: ContinuousOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None."""
        length = torch.rand(n, generator=rng, device=rng.device).div_(self.options.segments)
        lower = torch.rand(n, generator=rng, device=rng.device).mul_(1 - length)
        t, s = in_range(path, lower + length), in_range(path, lower)
        t, s = directed(t, s, self.options.direction, rng)
        return complete_times(t, s, need, path, rng)

    def capabilities(self) -> frozenset[str]:
        return capabilities(self.options.direction) | {"every_time"}

    def trained_steps(self) -> int:
        return self.options.segments
