"""The transformer block with adaptive layer norm (adaLN-zero), and the last layer."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

from secantfw_sit.options import Attention


class SelfAttention(nn.Module):
    """softmax(q k^T / sqrt(d)) v over tokens (B, N, width), in `heads` heads of d channels.

    The qkv channels are three blocks q, k, v, each ordered (head, channel).
    """

    def __init__(self, width: int, heads: int, attention: Attention) -> None:
        super().__init__()
        self.heads = heads
        self.explicit = attention == "explicit"
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        rows, tokens, width = x.shape
        packed = self.qkv(x).view(rows, tokens, 3, self.heads, width // self.heads)
        # Taken apart before anything is transposed: its backward pass is one copy, not two.
        q, k, v = (part.transpose(1, 2) for part in packed.unbind(2))  # (B, heads, N, d) each
        mixed = _explicit(q, k, v) if self.explicit else scaled_dot_product_attention(q, k, v)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(rows, tokens, width))
        return out


class MLP(nn.Module):
    """Linear, tanh-GELU, Linear."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc2(gelu(self.fc1(x), approximate="tanh"))
        return out


class Block(nn.Module):
    """x += gate * Attn(norm(x) (1 + scale) + shift), then the same with the MLP.

    shift, scale and gate are Linear(SiLU(c)). SiLU(c) is the same in every block, so the caller
    computes it once; the Sequential is there for the official parameter names.
    """

    def __init__(self, width: int, heads: int, hidden: int, attention: Attention) -> None:
        super().__init__()
        self.attn = SelfAttention(width, heads, attention)
        self.mlp = MLP(width, hidden)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x: Tensor, silu_c: Tensor) -> Tensor:
        """(B, N, width), (B, width) -> (B, N, width)."""
        modulation = self.adaLN_modulation[1](silu_c).unsqueeze(1).chunk(6, 2)
        shift_attn, scale_attn, gate_attn, shift_mlp, scale_mlp, gate_mlp = modulation
        x = torch.addcmul(x, gate_attn, self.attn(_modulated(x, shift_attn, scale_attn)))
        return torch.addcmul(x, gate_mlp, self.mlp(_modulated(x, shift_mlp, scale_mlp)))


class FinalLayer(nn.Module):
    """Linear(norm(x) (1 + scale) + shift): tokens to the numbers of their patches."""

    def __init__(self, width: int, numbers: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width, numbers)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x: Tensor, silu_c: Tensor) -> Tensor:
        shift, scale = self.adaLN_modulation[1](silu_c).unsqueeze(1).chunk(2, 2)
        out: Tensor = self.linear(_modulated(x, shift, scale))
        return out


def _modulated(x: Tensor, shift: Tensor, scale: Tensor) -> Tensor:
    """norm(x) (1 + scale) + shift; the norm has no parameters."""
    return torch.addcmul(shift, layer_norm(x, x.shape[-1:], eps=1e-6), 1 + scale)


def _explicit(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    weight = (q / math.sqrt(q.shape[-1])) @ k.transpose(-2, -1)  # (B, heads, N, N)
    return weight.softmax(-1) @ v
