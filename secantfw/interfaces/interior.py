"""The times that a loss asks for beyond t and s: for time samplers, which draw only those two."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Times, TimesNeed


def complete_times(
    t: Tensor, s: Tensor, need: TimesNeed, path: Path, rng: torch.Generator
) -> Times:
    """t and s (n,), with r = t + u (s - t), its weights, and tau: what `need` asks for.

    u in [0, 1] follows `need.law`; the weights are 1/K, only the Gauss-Legendre nodes bring their
    own; tau is uniform on the path's range. Call it last, so that t and s do not depend on `need`.
    """
    n = t.shape[0]
    u, weight = _shares(n, need, rng)
    r = torch.lerp(t.unsqueeze(1), s.unsqueeze(1), u)  # lerp never leaves [t, s]
    tau = None
    if need.tau:
        share = torch.rand(n, generator=rng, device=rng.device)
        low, high = torch.full_like(share, path.t_min), torch.full_like(share, path.t_max)
        tau = torch.lerp(low, high, share)
    return Times(t=t, s=s, r=r, r_weight=weight, tau=tau)


def _shares(n: int, need: TimesNeed, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """u (n, K), each column with its law on [0, 1], and weights (n, K)."""
    draws, device = need.draws, rng.device
    weight = torch.full((n, draws), 1 / max(draws, 1), device=device)
    if draws == 0:  # a loss without interior times
        return torch.empty((n, 0), device=device), weight
    if need.law == "gauss_legendre":
        rule = _rule_on(draws, device)
        return rule[0].expand(n, draws), rule[1].expand(n, draws)
    if need.law == "antithetic":
        u = torch.rand((n, (draws + 1) // 2), generator=rng, device=device)
        return torch.cat((u, 1 - u), 1)[:, :draws], weight
    u = torch.rand((n, draws), generator=rng, device=device)
    if need.law == "stratified":
        u = (u + torch.arange(draws, device=device)) / draws
    return u, weight


@functools.cache
def _rule_on(draws: int, device: torch.device) -> Tensor:
    """The same in float32; copied to a device once, not in every step."""
    return _gauss_legendre(draws).to(device, torch.float32)


@functools.cache
def _gauss_legendre(draws: int) -> Tensor:
    """Nodes on [0, 1] and weights, (2, K) float64: the eigenvalues of the Legendre polynomials'
    recurrence, and the squares of the first entries of its eigenvectors (Golub and Welsch)."""
    k = torch.arange(1, draws, dtype=torch.float64)
    off = k / (4 * k**2 - 1).sqrt()
    nodes, vectors = torch.linalg.eigh(torch.diag(off, 1) + torch.diag(off, -1))
    return torch.stack(((nodes + 1) / 2, vectors[0].square()))
