"""ReferenceTimes: the kit's own law of times, which gives a loss whatever it may ask for."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.interior import complete_times
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Times, TimesNeed
from secantfw.interfaces.time_sampler import TimeSampler

#: Every eighth row has s = t, as samplers for losses with a diffusion share have.
_TANGENT_EVERY = 8


class ReferenceTimes(TimeSampler):
    """Intervals of every length up to the whole range, the long ones oftener: they show best.

    length = U^(1/4) doubles the z of a faulty loss against a uniform length.

    `mid` is the middle of t and s, so that a loss of two half steps is served too.
    """

    def __init__(self, bidirectional: bool) -> None:
        self.bidirectional = bidirectional

    def sample(
        self, n: int, need: TimesNeed, path: Path, rng: torch.Generator, progress: float
    ) -> Times:
        """t, s (n,), r (n, K), tau and mid (n,)."""
        length, place, swap = torch.rand((3, n), generator=rng)
        length = length**0.25
        low, high = (1 - length) * place, (1 - length) * place + length
        up = (swap < 0.5) & self.bidirectional
        marked = torch.arange(n) % _TANGENT_EVERY == 0
        t = _in_range(path, torch.where(up, low, high))
        s = torch.where(marked, t, _in_range(path, torch.where(up, high, low)))
        times = complete_times(t, s, need, path, rng)
        return attrs.evolve(times, tangent_rows=marked, mid=(t + s) / 2)

    def capabilities(self) -> frozenset[str]:
        given = {"every_time", "mid", "tangent_rows"}
        return frozenset(given | ({"bidirectional"} if self.bidirectional else set()))


def _in_range(path: Path, share: Tensor) -> Tensor:
    width = path.t_max - path.t_min
    return (path.t_min + width * share).clamp(path.t_min, path.t_max)
