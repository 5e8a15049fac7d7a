"""ADM (arXiv:2105.05233), for one noise level or for two."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from secantfw import DataSpec
from secantfw_edm.architecture import Architecture
from secantfw_edm.block import BlockStyle, UNetBlock
from secantfw_edm.condition import Told, drop_labels
from secantfw_edm.embeddings import PositionalEmbedding
from secantfw_edm.guidance_embedding import GuidanceEmbedding
from secantfw_edm.layers import Conv, group_norm
from secantfw_edm.options import Attention


class DhariwalUNet(nn.Module):
    """F(x; c) with one noise level; F(x; c, c') with two. Parameter names are the official ones.

        E(c) = layer1(silu(layer0(noise(c) + augment)))
        emb  = silu(E(c) + label + guidance)   or   silu((E(c) + E'(c')) / 2 + label + guidance)

    E' has layers of its own, as in SongUNet.
    """

    def __init__(
        self,
        architecture: Architecture,
        spec: DataSpec,
        out_channels: int,
        *,
        two_times: bool = False,
        guidance: bool = False,
        attention: Attention = "fused",
    ) -> None:
        super().__init__()
        a = self.architecture = architecture
        noise, emb = a.model_channels, a.model_channels * a.channel_mult_emb
        classes, augment = spec.num_classes, a.augment_dim
        self.map_noise = PositionalEmbedding(noise, endpoint=False)
        self.map_augment = nn.Linear(augment, noise, bias=False) if augment else None
        self.map_layer0 = nn.Linear(noise, emb)
        self.map_layer1 = nn.Linear(emb, emb)
        self.map_layer0_s = nn.Linear(noise, emb) if two_times else None
        self.map_layer1_s = nn.Linear(emb, emb) if two_times else None
        self.map_label = nn.Linear(classes, emb, bias=False) if classes else None
        self.map_guidance = GuidanceEmbedding(emb) if guidance else None
        style = BlockStyle(emb_channels=emb, dropout=a.dropout, attention=attention)
        self.enc = nn.ModuleDict()
        self.dec = nn.ModuleDict()
        widths = self._encoder(spec, style)
        width = self._decoder(spec.shape[1], style, widths)
        self.out_norm = group_norm(width, 1e-5)
        self.out_conv = Conv(width, out_channels, 3)

    def _encoder(self, spec: DataSpec, style: BlockStyle) -> list[int]:
        """Fill `enc`; returns the channels of what it puts on the stack of skips."""
        a = self.architecture
        width, widths = a.model_channels * a.channel_mult[0], []
        for level, multiplier in enumerate(a.channel_mult):
            side = spec.shape[1] >> level
            at = f"{side}x{side}"
            if level == 0:
                self.enc[f"{at}_conv"] = Conv(spec.shape[0], width, 3)
            else:
                self.enc[f"{at}_down"] = UNetBlock(width, width, style, resample="down")
            widths.append(width)
            for i in range(a.num_blocks):
                inner, width = width, a.model_channels * multiplier
                attends = side in a.attn_resolutions
                self.enc[f"{at}_block{i}"] = UNetBlock(inner, width, style, attention=attends)
                widths.append(width)
        return widths

    def _decoder(self, full_side: int, style: BlockStyle, widths: list[int]) -> int:
        """Fill `dec`, from the coarsest level to the finest; returns its output channels."""
        a = self.architecture
        width, coarsest = widths[-1], len(a.channel_mult) - 1
        for level in range(coarsest, -1, -1):
            side = full_side >> level
            at = f"{side}x{side}"
            if level == coarsest:
                self.dec[f"{at}_in0"] = UNetBlock(width, width, style, attention=True)
                self.dec[f"{at}_in1"] = UNetBlock(width, width, style)
            else:
                self.dec[f"{at}_up"] = UNetBlock(width, width, style, resample="up")
            for i in range(a.num_blocks + 1):
                inner, width = width + widths.pop(), a.model_channels * a.channel_mult[level]
                attends = side in a.attn_resolutions
                self.dec[f"{at}_block{i}"] = UNetBlock(inner, width, style, attention=attends)
        return width

    def forward(
        self, x: Tensor, noise: Tensor, told: Told, second_noise: Tensor | None = None
    ) -> Tensor:
        """(B, C, H, W), c (B,) or (1,), c' likewise with two levels -> (B, C', H, W)."""
        emb = self._embedding(noise, second_noise, told)
        skips: list[Tensor] = []
        for block in self.enc.values():
            x = block(x, emb) if isinstance(block, UNetBlock) else block(x)
            skips.append(x)
        for block in self.dec.values():
            if x.shape[1] != block.channels_in:
                x = torch.cat((x, skips.pop()), 1)
            x = block(x, emb)
        out: Tensor = self.out_conv(silu(self.out_norm(x)))
        return out

    def _embedding(self, noise: Tensor, second_noise: Tensor | None, told: Told) -> Tensor:
        """emb, (B, emb_channels)."""
        e: Tensor = self.map_layer1(silu(self.map_layer0(self._summed(noise, told))))
        if self.map_layer0_s is not None and self.map_layer1_s is not None:
            assert second_noise is not None
            second = self._summed(second_noise, told)
            e = (e + self.map_layer1_s(silu(self.map_layer0_s(second)))) / 2
        if self.map_label is not None and told.labels is not None:
            a = self.architecture
            e = e + self.map_label(drop_labels(told.labels, a.label_dropout, self.training))
        if self.map_guidance is not None and told.guidance is not None:
            e = e + self.map_guidance(told.guidance)
        return silu(e)

    def _summed(self, noise: Tensor, told: Told) -> Tensor:
        e: Tensor = self.map_noise(noise)
        if self.map_augment is not None and told.augment is not None:
            e = e + self.map_augment(told.augment)
        return e
