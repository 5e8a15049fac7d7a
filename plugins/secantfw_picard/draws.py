"""The mean over the K interior draws, each row with its own weights."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from secantfw import at


def weighted_mean(values: Sequence[Tensor], weight: Tensor) -> Tensor:
    """sum_k w_k values_k, (B, *), for K tensors (B, *) and weights (B, K) that sum to 1."""
    if len(values) == 1:
        return values[0]  # its weight is 1
    weights = [at(w, values[0]) for w in weight.unbind(1)]
    mean = values[0] * weights[0]
    for value, w in zip(values[1:], weights[1:], strict=True):
        mean = torch.addcmul(mean, value, w)
    return mean
