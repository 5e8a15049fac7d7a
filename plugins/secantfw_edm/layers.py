"""Convolution with up- or downsampling, and normalisation, under the official parameter names."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d, interpolate

from secantfw import UserError

Resample = Literal["up", "down"]
_BOX = (1, 1)


class Conv(nn.Module):
    """Resample by a factor of 2 if asked, then convolve, then add the bias.

    The filter of taps f is outer(f, f) / sum(f)^2, per channel. `fused` moves the convolution
    before the downsampling filter and shares the padding out differently, which only the borders
    show. kernel = 0 resamples and does nothing else; it has no weights.
    """

    resample_filter: Tensor | None

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        kernel: int,
        *,
        resample: Resample | None = None,
        taps: tuple[int, ...] = _BOX,
        fused: bool = False,
    ) -> None:
        super().__init__()
        self.channels_out = channels_out
        self.resample = resample
        self.fused = fused and kernel > 0
        self.box = taps == _BOX and not self.fused
        self.pad, self.filter_pad = kernel // 2, (len(taps) - 1) // 2
        shape = (channels_out, channels_in, kernel, kernel)
        self.weight = nn.Parameter(torch.empty(shape)) if kernel else None
        self.bias = nn.Parameter(torch.zeros(channels_out)) if kernel else None
        self.register_buffer("resample_filter", _filter(taps) if resample else None)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H', W')."""
        if self.fused and self.resample == "up":
            x = self._filtered_up(x, max(self.filter_pad - self.pad, 0))
            return conv2d(x, self._weight(), self.bias, padding=max(self.pad - self.filter_pad, 0))
        if self.fused and self.resample == "down":
            x = conv2d(x, self._weight(), padding=self.pad + self.filter_pad)
            x = self._filtered_down(x, 0)
            return x if self.bias is None else x + self.bias.view(1, -1, 1, 1)
        x = self._resampled(x)
        return x if self.weight is None else conv2d(x, self.weight, self.bias, padding=self.pad)

    def _resampled(self, x: Tensor) -> Tensor:
        if self.resample == "up":
            # A box repeats pixels or averages them: the same numbers, without a convolution.
            return (
                interpolate(x, scale_factor=2, mode="nearest")
                if self.box
                else self._filtered_up(x, self.filter_pad)
            )
        if self.resample == "down":
            return avg_pool2d(x, 2) if self.box else self._filtered_down(x, self.filter_pad)
        return x

    def _filtered_up(self, x: Tensor, padding: int) -> Tensor:
        kernel = self._kernel(x) * 4
        return conv_transpose2d(x, kernel, groups=x.shape[1], stride=2, padding=padding)

    def _filtered_down(self, x: Tensor, padding: int) -> Tensor:
        return conv2d(x, self._kernel(x), groups=x.shape[1], stride=2, padding=padding)

    def _kernel(self, x: Tensor) -> Tensor:
        """The filter for each channel, (C, 1, n, n)."""
        assert self.resample_filter is not None
        return self.resample_filter.to(x.dtype).expand(x.shape[1], -1, -1, -1)

    def _weight(self) -> Tensor:
        assert self.weight is not None
        return self.weight


def group_norm(channels: int, eps: float) -> nn.GroupNorm:
    """At most 32 groups of at least 4 channels.

    Raises:
        UserError: they do not come out even.
    """
    groups = min(32, channels // 4)
    if not groups or channels % groups:
        raise UserError(
            f"edm: {channels} channels cannot be normalised in {max(groups, 1)} groups of equal "
            "size; change model_channels or channel_mult (sums of two levels count too)"
        )
    return nn.GroupNorm(groups, channels, eps=eps)


def _filter(taps: tuple[int, ...]) -> Tensor:
    """(1, 1, n, n)."""
    f = torch.tensor(taps, dtype=torch.float32)
    return (torch.outer(f, f) / f.sum().square())[None, None]
