"""Segments: t on a grid of N segments, s uniform in the segment that ends at t (arXiv:2505.14502).

    i ~ U{1..N},   t = g_i,   s = g_{i-1} with probability `whole`, else ~ U[g_{i-1}, g_i]

with g_i = i/N in the paper, or spaced as `secantfw_basics.spacing` says. The pairs (g_i, g_{i-1})
of an N-step sampler are only the ends of the uniform law: `whole` practises them, while the rest
keeps the shorter steps, on which the estimates of x_r rest, in training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times
from secantfw_basics.options import SegmentsOptions
from secantfw_basics.spacing import shares
from secantfw_basics.times.ends import capabilities, directed, in_range


class Segments(TimeSampler):
    """Times by segment. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: SegmentsOptions) -> None:
        self.options = o = options
        self._shares = torch.tensor(shares(o.segments, o.spacing, o.mean, o.std), device="cpu")

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None."""
        o = self.options
        i = torch.randint(
            1, o.segments + 1, (n,), generator=rng, device=rng.device, dtype=torch.float32
        )
        u = torch.rand(n, generator=rng, device=rng.device)
        if o.whole > 0:
            u.masked_fill_(torch.rand(n, generator=rng, device=rng.device) < o.whole, 1)
        upper, lower = self._ends(i, u)
        t, s = directed(in_range(path, upper), in_range(path, lower), o.direction, rng)
        return complete_times(t, s, need, path, rng)

    def _ends(self, i: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """g_i and g_i + u (g_{i-1} - g_i), (n,) each."""
        if self.options.spacing == "uniform":
            return i / self.options.segments, (i - u) / self.options.segments
        self._shares = g = self._shares.to(i.device)  # moved once, not in every step
        upper = g[i.long()]
        return upper, torch.lerp(upper, g[i.long() - 1], u)

    def capabilities(self) -> frozenset[str]:
        return capabilities(self.options.direction)

    def trained_steps(self) -> int:
        return self.options.segments
