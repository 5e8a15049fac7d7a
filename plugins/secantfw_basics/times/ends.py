"""Both ends of an interval: its direction, and its place in the path's time range."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path
from secantfw_basics.options import Direction


def in_range(path: Path, share: Tensor) -> Tensor:
    """Shares in [0, 1] of the time range -> times in [t_min, t_max]."""
    if path.t_min == 0 and path.t_max == 1:
        return share
    time = share * (path.t_max - path.t_min) + path.t_min
    return time.clamp_(path.t_min, path.t_max)  # rounding may step over an end


def directed(
    t: Tensor, s: Tensor, direction: Direction, rng: torch.Generator
) -> tuple[Tensor, Tensor]:
    """(t, s); under "both" exchanged in each row with probability 1/2."""
    if direction == "generate":
        return t, s
    swap = torch.rand(t.shape, generator=rng, device=rng.device) < 0.5
    return torch.where(swap, s, t), torch.where(swap, t, s)


def capabilities(direction: Direction) -> frozenset[str]:
    """What a sampler of this direction provides."""
    return frozenset({"bidirectional"}) if direction == "both" else frozenset()
