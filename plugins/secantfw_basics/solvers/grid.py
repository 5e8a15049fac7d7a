"""The time grid of a solve from t to s, exact at both ends."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw_basics.spacing import Spacing, shares


@attrs.frozen(eq=False, init=False)
class Grid:
    """`times` N + 1 tensors (B,); `widths` N tensors (B, 1, ...), which broadcast over x."""

    times: tuple[Tensor, ...]
    widths: tuple[Tensor, ...]

    def __init__(self, times: tuple[Tensor, ...], widths: tuple[Tensor, ...]) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "widths", widths)


def uniform_grid(x: Tensor, t: Tensor, s: Tensor, steps: int) -> Grid:
    """t + (i/N) (s - t) for i = 0..N; computed once a solve.

    Raises:
        ValueError: fewer than one step.
    """
    _check(steps)
    share = torch.linspace(0, 1, steps + 1, dtype=t.dtype, device=t.device)
    return _grid(x, t, s, share.unsqueeze(1))


def spaced_grid(
    x: Tensor, t: Tensor, s: Tensor, steps: int, spacing: Spacing, mean: float, std: float
) -> Grid:
    """The steps of `secantfw_basics.spacing`, whichever of t and s is the noisier end.

    Raises:
        ValueError: fewer than one step.
    """
    if spacing == "uniform":
        return uniform_grid(x, t, s, steps)
    _check(steps)
    rising = t.new_tensor(shares(steps, spacing, mean, std)).unsqueeze(1)
    falling = 1 - rising.flip(0)
    return _grid(x, t, s, torch.where(t > s, falling, rising))


def _check(steps: int) -> None:
    if steps < 1:
        raise ValueError(f"a solver takes at least one step, got {steps}")


def _grid(x: Tensor, t: Tensor, s: Tensor, share: Tensor) -> Grid:
    """From shares (N + 1, 1) or (N + 1, B) of the way from t to s; lerp is exact at 0 and at 1."""
    times = torch.lerp(t, s, share)
    widths = times.diff(dim=0).reshape(-1, len(x), *(1,) * (x.ndim - 1))
    return Grid(times.unbind(0), widths.unbind(0))
