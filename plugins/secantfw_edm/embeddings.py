"""Numbers to vectors: the noise level's cosines and sines, and one-hot labels."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PositionalEmbedding(nn.Module):
    """(B,) -> (B, n):  [cos(x w), sin(x w)],  w_i = 10000^(-i / (n/2 - 1)), or n/2 without
    the end point."""

    bits: Tensor

    def __init__(self, channels: int, *, endpoint: bool) -> None:
        super().__init__()
        i = torch.arange(channels // 2, dtype=torch.float32)
        # max: one frequency alone is w_0 = 1 either way.
        frequencies = (1 / 10000) ** (i / max(channels // 2 - endpoint, 1))
        # Kept as integers, which `module.to(dtype)` leaves alone: the frequencies stay float32.
        self.register_buffer("bits", frequencies.view(torch.int32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        angle = x[:, None] * self.bits.view(torch.float32).to(x.dtype)
        return torch.cat((angle.cos(), angle.sin()), 1)


class FourierEmbedding(nn.Module):
    """(B,) -> (B, n):  [cos(2 pi x w), sin(2 pi x w)] with fixed w_i ~ N(0, 16^2)."""

    freqs: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("freqs", 16 * torch.randn(channels // 2))

    def forward(self, x: Tensor) -> Tensor:
        # The product is made in float32 in every precision, as where the weights come from.
        angle = x[:, None] * (2 * math.pi * self.freqs.float()).to(x.dtype)
        return torch.cat((angle.cos(), angle.sin()), 1)


def one_hot_labels(label: Tensor | None, classes: int, x: Tensor) -> Tensor:
    """(B, classes) in x's dtype. The null class, label = classes, is a row of zeros; no labels at
    all are one such row, which broadcasts."""
    if label is None:
        return x.new_zeros(1, classes)
    return (label[:, None] == torch.arange(classes, device=label.device)).to(x.dtype)
