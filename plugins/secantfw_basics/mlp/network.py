"""The network: residual blocks over a vector, each told the times, label and guidance scale.

c = (E_t(t) + E_s(s)) / 2 + E_y(label) + E_w(w)
h <- h + W_2 silu(W_1 norm(h) + U c)
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

#: Half the length of the sinusoid that a time becomes; angular frequencies from 1 to the highest.
_FREQUENCIES = 32
_HIGHEST_FREQUENCY = 60.0


class TimeEmbedder(nn.Module):
    """(B,) numbers of order 1 -> (B, width):  MLP([cos(w t), sin(w t)])."""

    frequencies: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(2 * _FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width)
        )
        exponent = torch.linspace(0, math.log(_HIGHEST_FREQUENCY), _FREQUENCIES)
        self.register_buffer("frequencies", exponent.exp(), persistent=False)

    def forward(self, t: Tensor) -> Tensor:
        angle = t.unsqueeze(1) * self.frequencies
        out: Tensor = self.mlp(torch.cat((angle.cos(), angle.sin()), 1))
        return out


class Block(nn.Module):
    """h + W_2 silu(W_1 norm(h) + U c)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.inner = nn.Linear(width, width)
        self.told = nn.Linear(width, width, bias=False)
        self.outer = nn.Linear(width, width)

    def forward(self, h: Tensor, c: Tensor) -> Tensor:
        return h + self.outer(silu(self.inner(self.norm(h)) + self.told(c)))  # type: ignore[no-any-return]


class Network(nn.Module):
    """f(x, t, s), (B, D). Starts at f = 0 with E_s = E_t; row `num_classes` is the null label."""

    def __init__(
        self, dimension: int, num_classes: int, width: int, depth: int, guidance: bool
    ) -> None:
        super().__init__()
        self.first = nn.Linear(dimension, width)
        self.t_embedder = TimeEmbedder(width)
        self.s_embedder = TimeEmbedder(width)
        self.guidance_embedder = TimeEmbedder(width) if guidance else None
        self.label_embedder = nn.Embedding(num_classes + 1, width) if num_classes else None
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, dimension)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)
        self.share_time()

    def share_time(self) -> None:
        """Make f(x, t, t) a one-time network: E_s := E_t, and a guidance scale has no effect."""
        self.s_embedder.load_state_dict(self.t_embedder.state_dict())
        if self.guidance_embedder is not None:
            final = self.guidance_embedder.mlp[2]
            assert isinstance(final, nn.Linear)
            nn.init.zeros_(final.weight)
            nn.init.zeros_(final.bias)

    def forward(
        self, x: Tensor, t: Tensor, s: Tensor, label: Tensor | None, guidance: Tensor | None
    ) -> Tensor:
        # (a + a) / 2 is a in floating point: at s = t this is the one-time network bit for bit.
        c = (self.t_embedder(t) + self.s_embedder(s)) / 2
        if self.label_embedder is not None:
            null = self.label_embedder.num_embeddings - 1
            rows = label if label is not None else torch.full_like(t, null, dtype=torch.int64)
            c = c + self.label_embedder(rows)
        if self.guidance_embedder is not None and guidance is not None:
            c = c + self.guidance_embedder(guidance)
        h = self.first(x)
        for block in self.blocks:
            h = block(h, c)
        out: Tensor = self.last(silu(self.norm(h)))
        return out
