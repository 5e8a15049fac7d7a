"""Segments: t on a grid of N segments, s uniform in the segment that ends at t (arXiv:2505.14502).

    i ~ U{1..N},   t = g_i,   s = g_{i-1} with probability `whole`, else ~ U[g_{i-1}, g_i]

with the nodes g_i of `secantfw.step_times` from the path's noise to its data, at which a solver
with the same grid options takes its N steps; g_i = i/N in the paper. The pairs (g_i, g_{i-1})
of an N-step sampler are only the ends of the uniform law: `whole` practises them, while the rest
keeps the shorter steps, on which the estimates of x_r rest, in training.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times, in_segments, step_times
from secantfw_basics.options import SegmentsOptions
from secantfw_basics.times.ends import capabilities, directed


class Segments(TimeSampler):
    """Times by segment. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: SegmentsOptions) -> None:
        self.options = options
        self._path: Path | None = None
        self._nodes = torch.empty(0, device="cpu")

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
        upper, lower = self._ends(i, u, path)
        t, s = directed(upper, lower, o.direction, rng)
        return complete_times(t, s, need, path, rng)

    def _ends(self, i: Tensor, u: Tensor, path: Path) -> tuple[Tensor, Tensor]:
        """g_i and g_i + u (g_{i-1} - g_i), (n,) each; without a table where g_i = i / N."""
        if self.options.spacing == "uniform" and (path.t_min, path.t_max) == (0.0, 1.0):
            return i / self.options.segments, (i - u) / self.options.segments
        g, index = self.nodes(path, i.device), i.long()
        upper = g[index]
        return upper, torch.lerp(upper, g[index - 1], u)

    def nodes(self, path: Path, device: torch.device) -> Tensor:
        """g, (N + 1,) float32, from data to noise; computed once, not in every step."""
        if self._path is not path or self._nodes.device != device:
            start, end = (torch.full((1,), v, device=device) for v in (path.t_max, path.t_min))
            times = step_times(path, start, end, self.options.segments, self.options)
            self._path, self._nodes = path, times.squeeze(1).float().flip(0)
        return self._nodes

    def capabilities(self) -> frozenset[str]:
        return capabilities(self.options.direction)

    def trained_steps(self) -> int:
        return self.options.segments

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """From a node, no further than the next one."""
        return in_segments(self.nodes(path, t.device), t, s)
