"""Dyadic: steps whose lengths are powers of 1/2, each on its own grid (arXiv:2410.12557).

    d in {1, 1/2, ..., 2/N} and then i in {1 .. 1/d}, all equally likely;   t = i d,   s = t - d

In a share of the rows s = t, with t uniform. `mid` is the middle of the step.
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, at_node, complete_times, in_segments
from secantfw_flowmaps.options import DyadicOptions
from secantfw_flowmaps.times.shares import time_at


class Dyadic(TimeSampler):
    """Marks the rows in which s was set to t."""

    provides = frozenset({"mid", "tangent_rows"})

    def __init__(self, options: DyadicOptions) -> None:
        self.options = options
        self.levels = options.finest.bit_length() - 1

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s, mid (n,), r (n, K), tau (n,) or None, tangent_rows (n,)."""
        level, place, row = torch.rand((3, n), generator=rng, device=rng.device)
        steps = torch.exp2((level * self.levels).floor())  # of length d = 1 / steps
        lower = (place * steps).floor()
        marked = row < self.options.tangent_share
        t = time_at(path, torch.where(marked, place, (lower + 1) / steps))
        s = torch.where(marked, t, time_at(path, lower / steps))
        times = complete_times(t, s, need, path, rng)
        return attrs.evolve(times, mid=torch.lerp(t, s, 0.5), tangent_rows=marked)

    def capabilities(self) -> frozenset[str]:
        return self.provides if self.options.tangent_share > 0 else frozenset({"mid"})

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """Whole steps of 1, 1/2, ... 2/N; halves up to `mid` serve the target only."""
        share = torch.linspace(0, 1, self.options.finest // 2 + 1, device=t.device)
        low, equal = torch.minimum(t, s), t == s
        found = equal & (self.options.tangent_share > 0)
        for level in range(self.levels):
            nodes = time_at(path, share[:: 2**level])
            found = found | (in_segments(nodes, t, s) & at_node(nodes, low) & ~equal)
        return found
