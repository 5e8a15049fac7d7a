"""What is added to the tokens: time, label and position."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

#: Length of the sinusoid that a time becomes before its MLP.
SINUSOID = 256


class TimeEmbedder(nn.Module):
    """(B,) numbers -> (B, width):  MLP([cos(t w), sin(t w)]),  w_i = 10000^(-i/128).

    SiT embeds t in [0, 1] as it is, without a factor of 1000.
    """

    bits: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(SINUSOID, width), nn.SiLU(), nn.Linear(width, width))
        # Kept as integers, which `module.to(dtype)` leaves alone: the frequencies stay float32.
        self.register_buffer("bits", _frequencies().view(torch.int32), persistent=False)

    def sinusoid(self, t: Tensor) -> Tensor:
        """(B,) -> (B, 256) float32, whatever the network's dtype."""
        angle = t.float().unsqueeze(1) * self.bits.view(torch.float32)
        return torch.cat((angle.cos(), angle.sin()), 1)

    def forward(self, t: Tensor) -> Tensor:
        weight: Tensor = self.mlp.get_parameter("0.weight")
        out: Tensor = self.mlp(self.sinusoid(t).to(weight.dtype))
        return out


class LabelEmbedder(nn.Module):
    """(B,) labels in 0..num_classes -> (B, width). Row num_classes is the null class."""

    def __init__(self, num_classes: int, width: int) -> None:
        super().__init__()
        self.null = num_classes
        self.embedding_table = nn.Embedding(num_classes + 1, width)

    def forward(self, label: Tensor | None, rows: int) -> Tensor:
        """No labels at all means the null class for every row: (1, width), which broadcasts."""
        if label is None:
            return self.embedding_table.weight[self.null].expand(rows, -1)
        out: Tensor = self.embedding_table(label)
        return out


class PatchEmbedder(nn.Module):
    """(B, C, H, W) -> (B, H W / patch^2, width)."""

    def __init__(self, channels: int, patch: int, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.proj(x).flatten(2).transpose(1, 2)
        return out


def position_grid(side: int, width: int) -> Tensor:
    """(1, side^2, width): the first half of the channels encodes the column, the second the row.

    Each half is [sin, cos] of position * 10000^(-i / (width/4)), made in float64.
    """
    place = torch.arange(side, dtype=torch.float64)
    quarter = torch.arange(width // 4, dtype=torch.float64)
    angle = torch.outer(place, 10000.0 ** (-quarter / (width // 4)))
    line = torch.cat((angle.sin(), angle.cos()), 1)  # (side, width/2)
    column, row = line.expand(side, -1, -1), line.unsqueeze(1).expand(-1, side, -1)
    return torch.cat((column, row), 2).reshape(1, side * side, width).float()


def _frequencies() -> Tensor:
    half = SINUSOID // 2
    return torch.exp(-math.log(10000.0) * torch.arange(half, dtype=torch.float32) / half)
