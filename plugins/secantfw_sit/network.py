"""The SiT transformer in SiT's own time (t = 0 noise, t = 1 data), for one time or for two.

Parameter names and shapes are the official ones, so that official weights load as they are; two
times add `s_embedder.*`, an embedded guidance scale adds `cfg_embedder.*`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu
from torch.utils.checkpoint import checkpoint

from secantfw import DataSpec
from secantfw_sit.block import Block, FinalLayer
from secantfw_sit.embeddings import LabelEmbedder, PatchEmbedder, TimeEmbedder, position_grid
from secantfw_sit.initialise import initialise
from secantfw_sit.options import Attention
from secantfw_sit.sizes import Sizes


class SiTNetwork(nn.Module):
    """v(x, t) with one time; the average velocity between t and s with two.

        c = E_t(t) + E_y(y)   or   c = (E_t(t) + E_s(s)) / 2 + E_y(y) + E_w(w)

    With E_s = E_t the two agree at s = t bit for bit: (a + a) / 2 is a in floating point, and all
    else is the same code.
    """

    def __init__(
        self,
        sizes: Sizes,
        spec: DataSpec,
        *,
        two_times: bool = False,
        guidance: bool = False,
        attention: Attention = "fused",
        checkpoint_activations: bool = False,
    ) -> None:
        super().__init__()
        sizes.check(spec)
        self.channels, self.side, _ = spec.shape
        self.patch = sizes.patch
        self.checkpoint_activations = checkpoint_activations
        self.out_channels = self.channels * (2 if sizes.learn_sigma else 1)
        width, hidden = sizes.width, int(sizes.width * sizes.mlp_ratio)
        self.x_embedder = PatchEmbedder(self.channels, sizes.patch, width)
        self.t_embedder = TimeEmbedder(width)
        self.s_embedder = TimeEmbedder(width) if two_times else None
        self.cfg_embedder = TimeEmbedder(width) if guidance else None
        self.y_embedder = LabelEmbedder(spec.num_classes, width) if spec.num_classes else None
        grid = position_grid(self.side // sizes.patch, width)
        self.pos_embed = nn.Parameter(grid, requires_grad=False)  # official files contain it
        self.blocks = nn.ModuleList(
            Block(width, sizes.heads, hidden, attention) for _ in range(sizes.depth)
        )
        self.final_layer = FinalLayer(width, sizes.patch**2 * self.out_channels)
        initialise(self)

    def forward(
        self,
        x: Tensor,
        t: Tensor,
        s: Tensor | None = None,
        label: Tensor | None = None,
        guidance: Tensor | None = None,
    ) -> Tensor:
        """(B, C, H, W), (B,), (B,) -> (B, C, H, W).

        Args:
            x: points on the path.
            t: time of x.
            s: the other end of the interval; only for, and always for, a network with two times.
            label: 0..num_classes; None means the null class; ignored without classes.
            guidance: the embedded number of the scale; ignored without its embedder.
        """
        silu_c = silu(self._condition(t, s, label, guidance))
        # In this order the sum is contiguous, and so is all that follows from it.
        tokens = self.pos_embed + self.x_embedder(x)
        recompute = self.checkpoint_activations and torch.is_grad_enabled()
        for block in self.blocks:
            if recompute:
                # No dropout anywhere, so there is no generator state to restore.
                tokens = checkpoint(
                    block, tokens, silu_c, use_reentrant=False, preserve_rng_state=False
                )
            else:
                tokens = block(tokens, silu_c)
        return self._image(self.final_layer(tokens, silu_c))

    def _condition(
        self, t: Tensor, s: Tensor | None, label: Tensor | None, guidance: Tensor | None
    ) -> Tensor:
        """c, (B, width)."""
        c: Tensor = self.t_embedder(t)
        if self.s_embedder is not None and s is not None:
            c = (c + self.s_embedder(s)) / 2
        if self.y_embedder is not None:
            c = c + self.y_embedder(label, len(c))
        if self.cfg_embedder is not None and guidance is not None:
            c = c + self.cfg_embedder(guidance)
        return c

    def _image(self, tokens: Tensor) -> Tensor:
        """(B, N, patch^2 C') -> (B, C, H, W), dropping the sigma half of the channels."""
        grid, p = self.side // self.patch, self.patch
        parts = tokens.view(-1, grid, grid, p, p, self.out_channels)[..., : self.channels]
        return parts.permute(0, 5, 1, 3, 2, 4).reshape(-1, self.channels, self.side, self.side)
