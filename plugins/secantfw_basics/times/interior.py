"""The K interior times r between t and s, and their weights."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor

from secantfw import Times, TimesNeed


def with_interior(t: Tensor, s: Tensor, need: TimesNeed, rng: torch.Generator) -> Times:
    """t and s with r = t + u (s - t), where u in [0, 1] follows `need.law`.

    The weights are 1/K; only the Gauss-Legendre nodes bring their own.
    """
    n, draws = t.shape[0], need.draws
    if draws == 0:  # a loss of tangents has no interior
        none = t.new_empty((n, 0))
        return Times(t=t, s=s, r=none, r_weight=none)
    if need.law == "gauss_legendre":
        nodes, weights = _gauss_legendre(draws)
        u = t.new_tensor(nodes).expand(n, draws)
        r_weight = t.new_tensor(weights).expand(n, draws)
    else:
        u = _random_shares(n, need, rng)
        r_weight = t.new_full((n, draws), 1 / draws)
    r = torch.lerp(t.unsqueeze(1), s.unsqueeze(1), u)  # lerp never leaves [t, s]
    return Times(t=t, s=s, r=r, r_weight=r_weight)


def _random_shares(n: int, need: TimesNeed, rng: torch.Generator) -> Tensor:
    """u, (n, K), each column uniform on its part of [0, 1]."""
    draws = need.draws
    if need.law == "antithetic":
        u = torch.rand((n, (draws + 1) // 2), generator=rng, device=rng.device)
        return torch.cat((u, 1 - u), 1)[:, :draws]
    u = torch.rand((n, draws), generator=rng, device=rng.device)
    if need.law == "stratified":
        return (u + torch.arange(draws, device=rng.device)).div_(draws)
    return u


@functools.cache
def _gauss_legendre(draws: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Nodes and weights of the rule with K nodes, moved from [-1, 1] to [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(draws)
    return tuple((nodes + 1) / 2), tuple(weights / 2)
