"""Inputs that a network of any data shape is evaluated at; labels where the data have them."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond, DataSpec

ROWS = 4


@attrs.frozen(eq=False)
class NetworkInputs:
    """x (B, *), t > s (B,) inside the path's range, labels and guidance scales."""

    x: Tensor
    t: Tensor
    s: Tensor
    cond: Cond

    def tensors(self) -> tuple[Tensor, ...]:
        told = (self.cond.label, self.cond.guidance)
        return (self.x, self.t, self.s, *(c for c in told if c is not None))


def network_inputs(
    spec: DataSpec, path: Path, guidance: bool = False, dtype: torch.dtype = torch.float32
) -> NetworkInputs:
    """The same every time; every row differs from the others in everything."""
    rng = torch.Generator().manual_seed(0)
    x = torch.randn((ROWS, *spec.shape), generator=rng, dtype=torch.float64).to(dtype)
    width = path.t_max - path.t_min
    t = path.t_min + width * torch.linspace(0.4, 1.0, ROWS, dtype=torch.float64)
    s = path.t_min + width * torch.linspace(0.3, 0.0, ROWS, dtype=torch.float64)
    label = torch.arange(ROWS) % spec.num_classes if spec.num_classes else None
    scale = torch.linspace(1.0, 2.5, ROWS).to(dtype) if guidance else None
    return NetworkInputs(x, t.to(dtype), s.to(dtype), Cond(label, scale))
