"""What a network is told beside x and the noise levels."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw import Cond, UserError


@attrs.frozen(eq=False)
class Told:
    """Labels (B, classes) one-hot, or (1, classes), or None; how the picture was augmented
    (B, augment_dim) or None; the number of a guidance scale (B,) or None."""

    labels: Tensor | None = None
    augment: Tensor | None = None
    guidance: Tensor | None = None


def augmentation(cond: Cond, numbers: int) -> Tensor | None:
    """`cond.augment`, which must be what the network is told: pictures that were moved without
    its knowing would be learnt as they are.

    Raises:
        UserError: another length than the network's augment_dim, `numbers`.
    """
    if cond.augment is not None and cond.augment.shape[1] != numbers:
        raise UserError(
            f"edm: the augmentation has {cond.augment.shape[1]} numbers, and the network is "
            f"told {numbers}; set backbone.augment_dim = {cond.augment.shape[1]}"
        )
    return cond.augment


def drop_labels(labels: Tensor, probability: float, training: bool) -> Tensor:
    """Rows of zeros with this probability, where a gradient flows: `label_dropout` inside the
    network. The trainer's own `[guidance] label_dropout` is the one that a seed repeats."""
    if not probability or not training or not torch.is_grad_enabled():
        return labels
    kept = torch.rand(len(labels), 1, device=labels.device) >= probability
    return labels * kept.to(labels.dtype)
