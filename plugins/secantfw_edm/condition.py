"""What a network is told beside x and the noise levels."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor


@attrs.frozen(eq=False)
class Told:
    """Labels (B, classes) one-hot, or (1, classes), or None; how the picture was augmented
    (B, augment_dim) or None; the number of a guidance scale (B,) or None."""

    labels: Tensor | None = None
    augment: Tensor | None = None
    guidance: Tensor | None = None


def drop_labels(labels: Tensor, probability: float, training: bool) -> Tensor:
    """Rows of zeros with this probability, where a gradient flows: `label_dropout` inside the
    network. The trainer's own `[guidance] label_dropout` is the one that a seed repeats."""
    if not probability or not training or not torch.is_grad_enabled():
        return labels
    kept = torch.rand(len(labels), 1, device=labels.device) >= probability
    return labels * kept.to(labels.dtype)
