"""Segments between EDM's noise levels: the times of training for the solver `rho_secant`.

    i ~ U{0..N-1},   t = t_i,   s = t_{i+1} with probability `whole`, else ~ U[t_{i+1}, t_i]

with t_0 > ... > t_N as `secantfw_edm.rho_grid` lays them from the path's noise to its data.
"""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, complete_times, in_segments
from secantfw_edm.options import RhoSegmentsOptions
from secantfw_edm.rho_grid import rho_times


class RhoSegments(TimeSampler):
    """Times by segment. Draws in a fixed order, so that t and s do not depend on K or tau."""

    def __init__(self, options: RhoSegmentsOptions) -> None:
        self.options = options
        self._path: Path | None = None
        self._times = torch.empty(0)

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau (n,) or None."""
        o, times = self.options, self.times(path, rng.device)
        i = torch.randint(o.segments, (n,), generator=rng, device=rng.device)
        u = torch.rand(n, generator=rng, device=rng.device)
        if o.whole > 0:
            u.masked_fill_(torch.rand(n, generator=rng, device=rng.device) < o.whole, 1)
        t = times[i]
        s = torch.lerp(t, times[i + 1], u)
        if o.direction == "both":
            swap = torch.rand(n, generator=rng, device=rng.device) < 0.5
            t, s = torch.where(swap, s, t), torch.where(swap, t, s)
        return complete_times(t, s, need, path, rng)

    def times(self, path: Path, device: torch.device) -> Tensor:
        """(N + 1,) float32, from noise to data; computed once, not in every step."""
        if self._path is not path or self._times.device != device:
            t, s = (torch.full((1,), end, device=device) for end in (path.t_max, path.t_min))
            found = rho_times(path, t, s, self.options.segments, self.options)
            self._path, self._times = path, found.squeeze(1)
        return self._times

    def capabilities(self) -> frozenset[str]:
        return frozenset({"bidirectional"} if self.options.direction == "both" else ())

    def trained_steps(self) -> int:
        return self.options.segments

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """From a noise level of the grid, no further than the next one."""
        return in_segments(self.times(path, t.device).flip(0), t, s)
