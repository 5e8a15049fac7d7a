"""secant_error: how far the student's secants are from its teacher's, by t and s.

    E || f(x_t, t, s) - (x_s - x_t) / (s - t) ||^2  per dimension, in bins of (t, s), s < t

x_s is the teacher's ODE solved finely from x_t; with a teacher in closed form that is the exact
secant. In evaluation.json, in the student's first row along secants:

    "secant_error": {"t_edges": [...], "s_edges": [...], "error": [[...], ...], "mean": ...}

`error[i][j]` belongs to t in bin i and s in bin j and is null for s > t; `mean` is that of all
points, so a bin counts by its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from secantfw import MetricProtocol, MetricSite, NetworkMetric, SecantPairs, mean_flat
from secantfw_fid.options import SecantErrorOptions

#: Of a bin's width, the least distance of t and s: the secant divides by it.
_GAP = 0.05


class SecantError(NetworkMetric):
    """A grid of mean squares."""

    key = "secant_error"
    title = "Secant error"

    def __init__(self, options: SecantErrorOptions, site: MetricSite) -> None:
        self._options = options

    def measure(self, pairs: SecantPairs) -> Mapping[str, Any]:
        bins = self._options.bins
        cells = [(i, j) for i in range(bins) for j in range(i + 1)]
        rng = torch.Generator().manual_seed(self._options.seed)
        t, s = torch.cat([self._times(i, j, rng) for i, j in cells], 1)
        pair = pairs(t, s)
        squares = mean_flat((pair.found - pair.true).square()).double().cpu()
        means = squares.view(len(cells), -1).mean(1).tolist()
        error: list[list[float | None]] = [[None] * bins for _ in range(bins)]
        for (i, j), mean in zip(cells, means, strict=True):
            error[i][j] = mean
        edges = [i / bins for i in range(bins + 1)]
        return {
            "t_edges": edges, "s_edges": edges, "error": error, "mean": float(squares.mean()),
            "per_bin": self._options.per_bin,
        }  # fmt: skip

    def _times(self, i: int, j: int, rng: torch.Generator) -> Tensor:
        """t in bin i and s in bin j, (2, per_bin), apart by a twentieth of a bin at least."""
        u = torch.rand(2, self._options.per_bin, generator=rng)
        if i == j:
            u = torch.stack([u.amax(0) * (1 - _GAP) + _GAP, u.amin(0) * (1 - _GAP)])
        elif i == j + 1:
            u = torch.stack([u[0] * (1 - _GAP) + _GAP, u[1]])
        return (torch.tensor([[i], [j]]) + u) / self._options.bins

    def protocol(self) -> MetricProtocol:
        o = self._options
        return MetricProtocol(settings=f"{o.bins} bins, {o.per_bin} points each, seed {o.seed}")
