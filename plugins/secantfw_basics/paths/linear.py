"""Linear:  alpha(t) = 1 - t,  sigma(t) = t.  Rectified flow (arXiv:2209.03003)."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw import Batch, Coefficients, Path, at
from secantfw_basics.options import PathOptions


class Linear(Path):
    """x_t = (1 - t) x_0 + t z,    v = z - x_0."""

    def __init__(self, options: PathOptions | None = None) -> None:
        if options is not None:
            self.t_min, self.t_max = options.t_min, options.t_max

    def coefficients(self, t: Tensor) -> Coefficients:
        one = torch.ones_like(t)
        return Coefficients(alpha=1 - t, sigma=t, d_alpha=-one, d_sigma=one)

    def point(self, batch: Batch, t: Tensor) -> Tensor:
        """The same in one operation; exact at both ends."""
        return torch.lerp(batch.x_0, batch.z, at(t, batch.x_0).to(batch.x_0.dtype))

    def tangent(self, batch: Batch, t: Tensor) -> Tensor:
        """The same at every t."""
        return batch.z - batch.x_0
