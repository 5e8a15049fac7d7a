"""With tangents: two independent times of one law, and s = t in a share of the rows.

    t = max(a, b),   s = min(a, b),     but s = t with probability `tangent_share`

The law of arXiv:2505.13447, where a and b are logit-normal.
"""

from __future__ import annotations

import attrs
import torch

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times
from secantfw_flowmaps.options import WithTangentsOptions
from secantfw_flowmaps.times.shares import draw_share, time_at


class WithTangents(TimeSampler):
    """Marks the rows in which s was set to t."""

    provides = frozenset({"every_time", "tangent_rows"})

    def __init__(self, options: WithTangentsOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None, tangent_rows (n,)."""
        o = self.options
        pair = draw_share((2, n), o.law, o.mean, o.std, rng)
        marked = torch.rand(n, generator=rng, device=rng.device) < o.tangent_share
        t = time_at(path, pair.amax(0))
        s = torch.where(marked, t, time_at(path, pair.amin(0)))
        return attrs.evolve(complete_times(t, s, need, path, rng), tangent_rows=marked)

    def capabilities(self) -> frozenset[str]:
        return self.provides if self.options.tangent_share > 0 else frozenset({"every_time"})
