"""Pixels as numbers: uint8 0..255 <-> data in [-1, 1].

    x = p / 127.5 - 1,    p = floor(clip(127.5 x + 128, 0, 255))

The way back is EDM's (arXiv:2206.00364): adding 128 instead of 127.5 makes the floor a rounding.
"""

from __future__ import annotations

import torch
from torch import Tensor

RULE = "floor(clip(127.5 x + 128, 0, 255))"


def from_uint8(pixels: Tensor) -> Tensor:
    """(n, *) uint8 -> float32 in [-1, 1]."""
    return pixels.to(torch.float32).div_(127.5).sub_(1.0)


def to_uint8(x: Tensor) -> Tensor:
    """(n, *) float, about [-1, 1] -> uint8; the exact inverse of `from_uint8` on its range."""
    return (x * 127.5 + 128).clamp(0, 255).to(torch.uint8)
