"""Affine maps of the plane as matrices (N, 3, 3) or (3, 3), in pixels from the centre."""

from __future__ import annotations

import torch
from torch import Tensor


def translation(x: Tensor, y: Tensor) -> Tensor:
    """By x and y, (N,) each or 0-dim."""
    one, zero = torch.ones_like(x), torch.zeros_like(x)
    return _matrix((one, zero, x), (zero, one, y))


def scaling(x: Tensor, y: Tensor) -> Tensor:
    """By factors x and y."""
    zero = torch.zeros_like(x)
    return _matrix((x, zero, zero), (zero, y, zero))


def rotation(angle: Tensor) -> Tensor:
    """From the x axis towards the y axis."""
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _matrix((cos, -sin, zero), (sin, cos, zero))


def _matrix(first: tuple[Tensor, ...], second: tuple[Tensor, ...]) -> Tensor:
    zero, one = torch.zeros_like(first[0]), torch.ones_like(first[0])
    rows = (*first, *second, zero, zero, one)
    return torch.stack(rows, -1).reshape(*first[0].shape, 3, 3)
