"""To data: s is the data's end, and `mid` the time next to t on the way there.

"shrinking" is the curriculum of arXiv:2406.14548: in stage k of the run, the gap from t to `mid`
is the share q^-k of the way. Stage 0 goes all the way, which is denoising in one step; the gap
shrinks from there. "grid" has t on the grid i/N, and `mid` one step below (arXiv:2303.01469).
"""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Path, Times, TimeSampler, TimesNeed, at_node, complete_times
from secantfw_flowmaps.options import ToDataOptions
from secantfw_flowmaps.times.shares import draw_share, time_at


class ToData(TimeSampler):
    """The stage is a function of the progress, so that there is no state to resume."""

    def __init__(self, options: ToDataOptions) -> None:
        self.options = options

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s, mid (n,), r (n, K), tau (n,) or None."""
        o = self.options
        if o.spacing == "grid":
            i = torch.randint(1, o.grid + 1, (n,), generator=rng, device=rng.device)
            share, next_share = i / o.grid, (i - 1) / o.grid
        else:
            share = draw_share((n,), o.law, o.mean, o.std, rng)
            next_share = share * (1 - self.gap(progress))
        t, mid = time_at(path, share), time_at(path, next_share)
        times = complete_times(t, torch.full_like(t, path.t_min), need, path, rng)
        return attrs.evolve(times, mid=mid)

    def gap(self, progress: float) -> float:
        """(t - mid) / (t - s) under "shrinking": q^-k in stage k."""
        stage = min(int(progress * self.options.stages), self.options.stages - 1)
        return float(self.options.shrink**-stage)

    def capabilities(self) -> frozenset[str]:
        anywhere = self.options.spacing == "shrinking"
        return frozenset({"mid"} | ({"every_time"} if anywhere else set()))

    def trained_steps(self) -> int:
        """One: every secant of training ends at the data. More are taken by going back to noise
        in between, as the solver `secant_restart` does.
        """
        return 1

    def practises(self, t: Tensor, s: Tensor, path: Path) -> Tensor:
        """To the data, from any of the trained times."""
        nodes = time_at(path, torch.linspace(0, 1, self.options.grid + 1, device=t.device))
        ends = at_node(nodes[:1], torch.minimum(t, s))
        if self.options.spacing == "shrinking":
            return ends
        return ends & at_node(nodes, torch.maximum(t, s))
