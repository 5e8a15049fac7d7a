"""DDPM++ and NCSN++ (arXiv:2011.13456), for one noise level or for two."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from secantfw import DataSpec
from secantfw_edm.architecture import Architecture
from secantfw_edm.block import BlockStyle, UNetBlock
from secantfw_edm.condition import Told, drop_labels
from secantfw_edm.embeddings import FourierEmbedding, PositionalEmbedding
from secantfw_edm.guidance_embedding import GuidanceEmbedding
from secantfw_edm.layers import Conv, group_norm
from secantfw_edm.options import Attention

_HALF = math.sqrt(0.5)


class SongUNet(nn.Module):
    """F(x; c) with one noise level; F(x; c, c') with two. Parameter names are the official ones.

        E(c) = layer1(silu(layer0(noise(c) + label + augment + guidance)))
        emb  = silu(E(c))   or   silu((E(c) + E'(c')) / 2)

    E' has layers of its own, `map_layer0_s` and `map_layer1_s`. With equal ones the two agree at
    c = c' bit for bit: (a + a) / 2 is a in floating point, and all else is the same code.
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
        noise, emb = a.model_channels * a.channel_mult_noise, a.model_channels * a.channel_mult_emb
        self.map_noise: PositionalEmbedding | FourierEmbedding
        if a.embedding_type == "positional":
            self.map_noise = PositionalEmbedding(noise, endpoint=True)
        else:
            self.map_noise = FourierEmbedding(noise)
        classes, augment = spec.num_classes, a.augment_dim
        self.map_label = nn.Linear(classes, noise) if classes else None
        self.map_augment = nn.Linear(augment, noise, bias=False) if augment else None
        self.map_layer0 = nn.Linear(noise, emb)
        self.map_layer1 = nn.Linear(emb, emb)
        self.map_layer0_s = nn.Linear(noise, emb) if two_times else None
        self.map_layer1_s = nn.Linear(emb, emb) if two_times else None
        self.map_guidance = GuidanceEmbedding(noise) if guidance else None
        style = BlockStyle(
            emb_channels=emb,
            dropout=a.dropout,
            skip_scale=_HALF,
            eps=1e-6,
            adaptive_scale=False,
            resample_proj=True,
            resample_filter=a.resample_filter,
            num_heads=1,
            attention=attention,
        )
        self.enc = nn.ModuleDict()
        self.dec = nn.ModuleDict()
        widths = self._encoder(spec, style)
        self._decoder(spec.shape[1], out_channels, style, widths)

    def _encoder(self, spec: DataSpec, style: BlockStyle) -> list[int]:
        """Fill `enc`; returns the channels of what it puts on the stack of skips."""
        a, taps = self.architecture, self.architecture.resample_filter
        width, widths, aux = a.model_channels, [], spec.shape[0]
        for level, multiplier in enumerate(a.channel_mult):
            side = spec.shape[1] >> level
            at = f"{side}x{side}"
            if level == 0:
                self.enc[f"{at}_conv"] = Conv(spec.shape[0], width, 3)
            else:
                self.enc[f"{at}_down"] = UNetBlock(width, width, style, resample="down")
                if a.encoder_type == "skip":
                    self.enc[f"{at}_aux_down"] = Conv(aux, aux, 0, resample="down", taps=taps)
                    self.enc[f"{at}_aux_skip"] = Conv(aux, width, 1)
                if a.encoder_type == "residual":
                    self.enc[f"{at}_aux_residual"] = Conv(
                        aux, width, 3, resample="down", taps=taps, fused=True
                    )
                    aux = width
            widths.append(width)
            for i in range(a.num_blocks):
                inner, width = width, a.model_channels * multiplier
                attends = side in a.attn_resolutions
                self.enc[f"{at}_block{i}"] = UNetBlock(inner, width, style, attention=attends)
                widths.append(width)
        return widths

    def _decoder(
        self, full_side: int, out_channels: int, style: BlockStyle, widths: list[int]
    ) -> None:
        """Fill `dec`, from the coarsest level to the finest."""
        a, taps = self.architecture, self.architecture.resample_filter
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
                attends = i == a.num_blocks and side in a.attn_resolutions
                self.dec[f"{at}_block{i}"] = UNetBlock(inner, width, style, attention=attends)
            if a.decoder_type == "skip" or level == 0:
                if a.decoder_type == "skip" and level < coarsest:
                    self.dec[f"{at}_aux_up"] = Conv(
                        out_channels, out_channels, 0, resample="up", taps=taps
                    )
                self.dec[f"{at}_aux_norm"] = group_norm(width, 1e-6)
                self.dec[f"{at}_aux_conv"] = Conv(width, out_channels, 3)

    def forward(
        self, x: Tensor, noise: Tensor, told: Told, second_noise: Tensor | None = None
    ) -> Tensor:
        """(B, C, H, W), c (B,) or (1,), c' likewise with two levels -> (B, C', H, W)."""
        emb = self._embedding(noise, second_noise, told)
        skips = self._encode(x, emb)
        return self._decode(skips, emb)

    def _embedding(self, noise: Tensor, second_noise: Tensor | None, told: Told) -> Tensor:
        """emb, (B, emb_channels)."""
        label = self._label(told)
        e: Tensor = self.map_layer1(silu(self.map_layer0(self._summed(noise, label, told))))
        if self.map_layer0_s is not None and self.map_layer1_s is not None:
            assert second_noise is not None
            second = self._summed(second_noise, label, told)
            e = (e + self.map_layer1_s(silu(self.map_layer0_s(second)))) / 2
        return silu(e)

    def _label(self, told: Told) -> Tensor | None:
        """What labels add, once for both times, so that both lack the same ones."""
        if self.map_label is None or told.labels is None:
            return None
        labels = drop_labels(told.labels, self.architecture.label_dropout, self.training)
        label: Tensor = self.map_label(labels * math.sqrt(labels.shape[1]))
        return label

    def _summed(self, noise: Tensor, label: Tensor | None, told: Told) -> Tensor:
        e: Tensor = self.map_noise(noise)
        cosines, sines = e.chunk(2, 1)
        e = torch.cat((sines, cosines), 1)  # the weights want the sines first
        if label is not None:
            e = e + label
        if self.map_augment is not None and told.augment is not None:
            e = e + self.map_augment(told.augment)
        if self.map_guidance is not None and told.guidance is not None:
            e = e + self.map_guidance(told.guidance)
        return e

    def _encode(self, x: Tensor, emb: Tensor) -> list[Tensor]:
        """The stack of skips; its top is the encoder's output."""
        skips: list[Tensor] = []
        aux = x
        for name, block in self.enc.items():
            if "aux_down" in name:
                aux = block(aux)
            elif "aux_skip" in name:
                x = skips[-1] = x + block(aux)
            elif "aux_residual" in name:
                x = skips[-1] = aux = (x + block(aux)) * _HALF
            else:
                x = block(x, emb) if isinstance(block, UNetBlock) else block(x)
                skips.append(x)
        return skips

    def _decode(self, skips: list[Tensor], emb: Tensor) -> Tensor:
        """The output of the finest level; with a decoder of type skip, the sum over all levels."""
        x = normed = skips[-1]
        total: Tensor | None = None
        for name, block in self.dec.items():
            if "aux_up" in name:
                total = block(total)
            elif "aux_norm" in name:
                normed = block(x)
            elif "aux_conv" in name:
                out: Tensor = block(silu(normed))
                total = out if total is None else out + total
            else:
                if x.shape[1] != block.channels_in:
                    x = torch.cat((x, skips.pop()), 1)
                x = block(x, emb)
        assert total is not None
        return total
