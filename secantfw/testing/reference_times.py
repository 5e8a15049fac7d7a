"""ReferenceTimes: the kit's own law of times, which gives a loss whatever it may ask for."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

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
        length, place, swap, tau = torch.rand((4, n), generator=rng)
        length = length**0.25
        low, high = (1 - length) * place, (1 - length) * place + length
        up = (swap < 0.5) & self.bidirectional
        marked = torch.arange(n) % _TANGENT_EVERY == 0
        t = torch.where(up, low, high)
        s = torch.where(marked, t, torch.where(up, high, low))
        u, weight = _shares(n, need, rng)
        r = t[:, None] + u * (s - t)[:, None]
        return Times(
            t=_in_range(path, t),
            s=_in_range(path, s),
            r=_in_range(path, r),
            r_weight=weight,
            tau=_in_range(path, tau) if need.tau else None,
            tangent_rows=marked,
            mid=_in_range(path, (t + s) / 2),
        )

    def capabilities(self) -> frozenset[str]:
        return frozenset({"bidirectional"} if self.bidirectional else ())


def _in_range(path: Path, share: Tensor) -> Tensor:
    width = path.t_max - path.t_min
    return (path.t_min + width * share).clamp(path.t_min, path.t_max)


def _shares(n: int, need: TimesNeed, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """u = (r - t) / (s - t) under the law asked for, and the weights; (n, K) each."""
    draws = need.draws
    u, weight = torch.rand((n, draws), generator=rng), torch.full((n, draws), 1 / max(draws, 1))
    if need.law == "stratified":
        u = (u + torch.arange(draws)) / max(draws, 1)
    elif need.law == "antithetic":
        u[:, 1::2] = 1 - u[:, : draws - 1 : 2]
    elif need.law == "gauss_legendre" and draws:
        nodes, weights = np.polynomial.legendre.leggauss(draws)
        u = torch.tensor((nodes + 1) / 2, dtype=torch.float32).expand(n, draws)
        weight = torch.tensor(weights / 2, dtype=torch.float32).expand(n, draws)
    return u, weight
