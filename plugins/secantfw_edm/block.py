"""The residual block that all of EDM's U-Nets are made of, with or without self-attention."""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor, nn
from torch.nn.functional import dropout, scaled_dot_product_attention, silu

from secantfw_edm.layers import Conv, Resample, group_norm
from secantfw_edm.options import Attention


@attrs.frozen
class BlockStyle:
    """What the blocks of one network have in common."""

    emb_channels: int
    dropout: float = 0.0
    #: The outputs of both halves are multiplied by it, so that variances do not add up.
    skip_scale: float = 1.0
    eps: float = 1e-5
    #: The embedding scales and shifts; else it is added before the second normalisation.
    adaptive_scale: bool = True
    #: A 1x1 convolution on the skip wherever it is resampled.
    resample_proj: bool = False
    resample_filter: tuple[int, ...] = (1, 1)
    num_heads: int | None = None  # None: one head for every `channels_per_head` channels
    channels_per_head: int = 64
    attention: Attention = "fused"

    def heads(self, channels: int) -> int:
        """Below `channels_per_head` channels there is none, and so no attention."""
        return channels // self.channels_per_head if self.num_heads is None else self.num_heads


class UNetBlock(nn.Module):
    """h = conv1(dropout(silu(norm1(conv0(silu(norm0 x)), e)))),  e = affine(emb);
    y = (h + skip x) skip_scale;  with attention  y = (y + proj(attend(qkv(norm2 y)))) skip_scale.
    """

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        style: BlockStyle,
        *,
        resample: Resample | None = None,
        attention: bool = False,
    ) -> None:
        super().__init__()
        taps = style.resample_filter
        self.style = style
        self.channels_in, self.channels_out = channels_in, channels_out
        self.heads = style.heads(channels_out) if attention else 0
        self.norm0 = group_norm(channels_in, style.eps)
        self.conv0 = Conv(channels_in, channels_out, 3, resample=resample, taps=taps)
        self.affine = nn.Linear(style.emb_channels, channels_out * (1 + style.adaptive_scale))
        self.norm1 = group_norm(channels_out, style.eps)
        self.conv1 = Conv(channels_out, channels_out, 3)
        self.skip: Conv | None = None
        if channels_in != channels_out or resample is not None:
            kernel = int(style.resample_proj or channels_in != channels_out)
            self.skip = Conv(channels_in, channels_out, kernel, resample=resample, taps=taps)
        if self.heads:
            self.norm2 = group_norm(channels_out, style.eps)
            self.qkv = Conv(channels_out, 3 * channels_out, 1)
            self.proj = Conv(channels_out, channels_out, 1)

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """(B, C, H, W), (B, emb_channels) -> (B, C', H', W')."""
        style, skip = self.style, x if self.skip is None else self.skip(x)
        h = self._modulated(self.conv0(silu(self.norm0(x))), self.affine(emb)[:, :, None, None])
        if style.dropout:
            # Only where a gradient flows: targets, which have none, are evaluated without it.
            h = dropout(h, style.dropout, self.training and torch.is_grad_enabled())
        y: Tensor = (self.conv1(h) + skip) * style.skip_scale
        if self.heads:
            y = (y + self.proj(self._attend(self.norm2(y)))) * style.skip_scale
        return y

    def _modulated(self, h: Tensor, e: Tensor) -> Tensor:
        if not self.style.adaptive_scale:
            return silu(self.norm1(h + e))
        scale, shift = e.chunk(2, 1)
        return silu(torch.addcmul(shift, self.norm1(h), scale + 1))

    def _attend(self, h: Tensor) -> Tensor:
        """Self-attention over pixels; the qkv channels are ordered (head, channel, {q,k,v})."""
        rows, channels, height, width = h.shape
        packed = self.qkv(h).reshape(rows, self.heads, channels // self.heads, 3, height * width)
        q, k, v = packed.transpose(2, 4).unbind(3)  # (B, heads, H W, d) each
        if self.style.attention == "explicit":
            mixed = _explicit(q, k, v)
        else:
            mixed = scaled_dot_product_attention(q, k, v)
        return mixed.transpose(2, 3).reshape(rows, channels, height, width)


def _explicit(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """softmax(q k^T / sqrt(d)) v with the weights in float32 whatever the dtype, as published."""
    weight = q.float() @ (k / math.sqrt(k.shape[-1])).float().transpose(-2, -1)
    return weight.softmax(-1).to(v.dtype) @ v
