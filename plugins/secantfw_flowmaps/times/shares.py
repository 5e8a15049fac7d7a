"""Times as shares of the path's range, 0 at the data's end."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Path
from secantfw_flowmaps.options import TimeLaw


def time_at(path: Path, share: Tensor) -> Tensor:
    """Shares in [0, 1] -> times in [t_min, t_max]."""
    time = path.t_min + share * (path.t_max - path.t_min)
    return time.clamp(path.t_min, path.t_max)  # rounding may step over an end


def draw_share(
    shape: tuple[int, ...], law: TimeLaw, mean: float, std: float, rng: torch.Generator
) -> Tensor:
    """Shares of this law, float32 on rng's device."""
    if law == "uniform":
        return torch.rand(shape, generator=rng, device=rng.device)
    normal = torch.randn(shape, generator=rng, device=rng.device)
    return (normal * std + mean).sigmoid()
