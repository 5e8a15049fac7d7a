"""A time grid as a solver's loop uses it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def asked(times: Tensor, t: Tensor) -> Sequence[Tensor]:
    """Times (N, B) float64 as the field is given them: N of (B,), of t's dtype."""
    return times.to(t.dtype).unbind(0)


def widths(times: Tensor, x: Tensor) -> Sequence[Tensor]:
    """t_{i+1} - t_i of times (N + 1, B): N of (B, 1, ...), which broadcast over x (B, *)."""
    steps = times.diff(dim=0).to(x.dtype)
    return steps.reshape(*steps.shape, *(1,) * (x.ndim - 1)).unbind(0)


def middles(times: Tensor) -> Tensor:
    """(t_i + t_{i+1}) / 2 of times (N + 1, B), (N, B)."""
    return torch.lerp(times[:-1], times[1:], 0.5)
