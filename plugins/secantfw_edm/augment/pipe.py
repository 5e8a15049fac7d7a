"""The pipe: flips, scaling, rotation, stretching and shifting, each with some probability
(arXiv:2206.00364, appendix F.2).

The label says what was done, in this order: horizontal flip; vertical flip; w of the scale
2^(0.2 w); cos - 1 and sin of the rotation; w cos r and w sin r of a stretch by 2^(0.2 w) along the
angle r; w of the shifts along x and y, in eighths of the side. What was not done is 0.
"""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw import Augmentation, Augmented, RowDraws, UserError
from secantfw_edm.augment.affine import rotation, scaling, translation
from secantfw_edm.augment.draws import Draws, GeneratorDraws, with_probability
from secantfw_edm.augment.resample import transformed
from secantfw_edm.options import AugmentOptions

_SCALE_STD, _STRETCH_STD, _SHIFT_STD = 0.2, 0.2, 0.125
_STRETCH_ROTATED = 0.5  # probability that a stretch is not along an axis


class EDMAugmentation(Augmentation):
    """The pipe with the trainer's draws."""

    def __init__(self, options: AugmentOptions) -> None:
        self.options = options

    def __call__(self, x_0: Tensor, draws: RowDraws) -> Augmented:
        """Pictures (B, C, H, W); 9 numbers tell of each, fewer where a kind is left out."""
        if x_0.ndim != 4:
            raise UserError(f"needs images (C, H, W), got data of shape {tuple(x_0.shape[1:])}")
        return augmented(x_0, self.options, GeneratorDraws(draws))


@attrs.frozen(eq=False)
class _Motion:
    """One kind of motion: the inverse map (N, 3, 3), and its labels, (N,) each."""

    inverse: Tensor
    labels: tuple[Tensor, ...]


def augmented(images: Tensor, options: AugmentOptions, draws: Draws) -> Augmented:
    """Pictures with what the draws do to them. A kind of multiplier 0 has no draw and no label."""
    o, labels = options, []
    for multiplier, axis in ((o.xflip, 3), (o.yflip, 2)):
        if multiplier > 0:
            flip = _flip(multiplier * o.p, len(images), draws)
            images = torch.where(flip == 1, images.flip(axis), images)
            labels.append(flip.flatten().float())
    inverse: Tensor | None = None
    for motion in _motions(images, o, draws):
        inverse = motion.inverse if inverse is None else inverse @ motion.inverse
        labels.extend(motion.labels)
    if inverse is not None:
        images = transformed(images, inverse)
    return Augmented(images, _stacked(labels, images))


def _motions(images: Tensor, o: AugmentOptions, draws: Draws) -> list[_Motion]:
    found = []
    rows, _, height, width = images.shape
    if o.scale > 0:
        found.append(_scaled(o.scale * o.p, rows, draws))
    if o.rotate > 0:
        found.append(_rotated(o.rotate * o.p, rows, draws))
    if o.stretch > 0:
        found.append(_stretched(o.stretch * o.p, rows, draws))
    if o.translate > 0:
        found.append(_shifted(o.translate * o.p, rows, width, height, draws))
    return found


def _flip(p: float, rows: int, draws: Draws) -> Tensor:
    coin = draws.coin(rows, 1, 1, 1)
    return with_probability(p, coin, draws, rows, 1, 1, 1)


def _scaled(p: float, rows: int, draws: Draws) -> _Motion:
    w = draws.normal(rows)
    w = with_probability(p, w, draws, rows)
    factor = (w * _SCALE_STD).exp2()
    return _Motion(scaling(1 / factor, 1 / factor), (w,))


def _rotated(p: float, rows: int, draws: Draws) -> _Motion:
    angle = (draws.uniform(rows) * 2 - 1) * math.pi
    angle = with_probability(p, angle, draws, rows)
    return _Motion(rotation(angle), (angle.cos() - 1, angle.sin()))


def _stretched(p: float, rows: int, draws: Draws) -> _Motion:
    w = draws.normal(rows)
    angle = (draws.uniform(rows) * 2 - 1) * math.pi
    w = with_probability(p, w, draws, rows)
    angle = with_probability(_STRETCH_ROTATED, angle, draws, rows)
    factor = (w * _STRETCH_STD).exp2()
    inverse = rotation(-angle) @ scaling(1 / factor, factor) @ rotation(angle)
    return _Motion(inverse, (w * angle.cos(), w * angle.sin()))


def _shifted(p: float, rows: int, width: int, height: int, draws: Draws) -> _Motion:
    w = draws.normal(2, rows)
    w = with_probability(p, w, draws, 1, rows)
    x, y = w[0] * (width * _SHIFT_STD), w[1] * (height * _SHIFT_STD)
    return _Motion(translation(-x, -y), (w[0], w[1]))


def _stacked(labels: list[Tensor], images: Tensor) -> Tensor:
    if not labels:
        return images.new_zeros(len(images), 0)
    return torch.stack(labels, 1).to(images.dtype)
