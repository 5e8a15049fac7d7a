"""Norm and clipping of gradients that are on one device, by one foreach operation each.

The same operations as `torch.nn.utils.get_total_norm` and `clip_grads_with_norm_`, without their
grouping of tensors by device and dtype: of a small network's step that would be a tenth.
"""

from __future__ import annotations

import torch
from torch import Tensor


def total_norm(gradients: list[Tensor]) -> Tensor:
    """The 2-norm of all of them together, 0-dim; 0 of none."""
    if not gradients:
        return torch.zeros(())
    norm: Tensor = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(gradients)))
    return norm


def clip(gradients: list[Tensor], norm: Tensor, most: float) -> None:
    """g <- g min(1, most / (norm + 1e-6)), in place; `norm` 0-dim."""
    if gradients:
        torch._foreach_mul_(gradients, torch.clamp(most / (norm + 1e-6), max=1.0))
