"""Equal: s = t in every row, as diffusion and flow-matching training want it.

t is uniform, or ln(t / (1 - t)) is normal (arXiv:2403.03206), which spares both ends.
"""

from __future__ import annotations

import attrs
import torch

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times
from secantfw_basics.options import EqualOptions
from secantfw_basics.times.ends import in_range


class Equal(TimeSampler):
    """t = s; the interior times, where a loss asks for them, are t too."""

    provides = frozenset({"every_time"})

    def __init__(self, options: EqualOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t = s (n,), r (n, K), tau (n,) or None; every row is marked as a tangent row."""
        t = in_range(path, self._share(n, rng))
        marked = torch.ones(n, dtype=torch.bool, device=t.device)
        return attrs.evolve(complete_times(t, t, need, path, rng), tangent_rows=marked)

    def _share(self, n: int, rng: torch.Generator) -> torch.Tensor:
        """(n,) in [0, 1]."""
        if self.options.law == "uniform":
            return torch.rand(n, generator=rng, device=rng.device)
        normal = torch.randn(n, generator=rng, device=rng.device)
        return normal.mul_(self.options.std).add_(self.options.mean).sigmoid_()
