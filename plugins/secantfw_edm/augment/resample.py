"""A picture under an affine map, without jagged edges.

Reflect at the border, double the resolution with the wavelet sym6, interpolate linearly there,
and halve the resolution with the same wavelet.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor
from torch.nn.functional import affine_grid, conv2d, conv_transpose2d, grid_sample, pad

from secantfw_edm.augment.affine import scaling, translation

#: The low-pass filter of the wavelet sym6 (Daubechies, Ten Lectures on Wavelets, chapter 8).
_SYM6 = (
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
    0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
    -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148,
)  # fmt: skip
_REACH = len(_SYM6) // 4  # pixels that the filter sees beyond the border
_PADDING = len(_SYM6) // 2 - 1


@attrs.frozen
class Margins:
    """Pixels to add on each side."""

    left: int
    top: int
    right: int
    bottom: int


def transformed(images: Tensor, inverse: Tensor) -> Tensor:
    """Pictures (N, C, H, W) under maps; the inverses (N, 3, 3) take output to input pixels."""
    height, width = images.shape[2:]
    margins = _margins(inverse, height, width)
    images = pad(
        images, [margins.left, margins.right, margins.top, margins.bottom], mode="reflect"
    )
    shift = _pair(margins.left - margins.right, margins.top - margins.bottom, images)
    inverse = translation(*shift / 2) @ inverse
    images = _doubled(images)
    # Pixel centres: the doubled picture's lie half a pixel off.
    two, half = _pair(2, 2, images), _pair(0.5, 0.5, images)
    inverse = scaling(*two) @ inverse @ scaling(*1 / two)
    inverse = translation(*-half) @ inverse @ translation(*half)
    size = ((height + 2 * _REACH) * 2, (width + 2 * _REACH) * 2)
    ours = _pair(images.shape[3], images.shape[2], images)
    theirs = _pair(size[1], size[0], images)
    inverse = scaling(*2 / ours) @ inverse @ scaling(*theirs / 2)
    grid = affine_grid(inverse[:, :2], [*images.shape[:2], *size], align_corners=False)
    moved = grid_sample(images, grid, "bilinear", "zeros", align_corners=False)
    return _halved(moved)


def _margins(inverse: Tensor, height: int, width: int) -> Margins:
    """What the farthest corner of all pictures needs; one for the whole batch."""
    x, y = (width - 1) / 2, (height - 1) / 2
    corners = inverse.new_tensor([[-x, -y, 1], [x, -y, 1], [x, y, 1], [-x, y, 1]])
    reached = (inverse @ corners.T)[:, :2].permute(1, 0, 2).flatten(1)  # (2, 4 N)
    needed = torch.cat((-reached, reached)).amax(1) + inverse.new_tensor(
        [2 * _REACH - x, 2 * _REACH - y] * 2
    )
    most = (width - 1, height - 1) * 2  # a reflection has no more
    return Margins(
        *(min(max(math.ceil(v), 0), m) for v, m in zip(needed.tolist(), most, strict=True))
    )


def _doubled(images: Tensor) -> Tensor:
    channels = images.shape[1]
    taps = images.new_tensor(_SYM6).expand(channels, 1, 1, -1)
    images = conv_transpose2d(images, taps, stride=(1, 2), padding=(0, _PADDING), groups=channels)
    taps = taps.transpose(2, 3)
    return conv_transpose2d(images, taps, stride=(2, 1), padding=(_PADDING, 0), groups=channels)


def _halved(images: Tensor) -> Tensor:
    channels, inside = images.shape[1], slice(_REACH, -_REACH)
    taps = images.new_tensor(_SYM6).expand(channels, 1, 1, -1)
    images = conv2d(images, taps, stride=(1, 2), padding=(0, _PADDING), groups=channels)
    images, taps = images[..., inside], taps.transpose(2, 3)
    images = conv2d(images, taps, stride=(2, 1), padding=(_PADDING, 0), groups=channels)
    return images[:, :, inside]


def _pair(x: float, y: float, like: Tensor) -> Tensor:
    return like.new_tensor([x, y])
