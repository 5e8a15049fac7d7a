"""The time grid of a solve: uniform from t to s, exact at both ends."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import at


@attrs.frozen(eq=False)
class Grid:
    """`times` N + 1 tensors (B,); `widths` N tensors (B, 1, ...), which broadcast over x."""

    times: tuple[Tensor, ...]
    widths: tuple[Tensor, ...]


def uniform_grid(x: Tensor, t: Tensor, s: Tensor, steps: int) -> Grid:
    """t + (i/N) (s - t) for i = 0..N; computed once a solve.

    Raises:
        ValueError: fewer than one step.
    """
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")
    share = torch.linspace(0, 1, steps + 1, dtype=t.dtype, device=t.device)
    times = torch.lerp(t, s, share.unsqueeze(1))  # (N + 1, B); lerp is exact at 0 and at 1
    widths = times.diff(dim=0)
    return Grid(times.unbind(0), tuple(at(width, x) for width in widths.unbind(0)))
