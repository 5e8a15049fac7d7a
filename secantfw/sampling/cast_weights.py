"""A network whose weights are cast once to the dtype of autocast, instead of at every call."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn

from secantfw.interfaces.backbone import Backbone


def with_cast_weights(network: Backbone, dtype: torch.dtype) -> Backbone:
    """A copy that shares everything but its matrices and convolution kernels, which are in
    `dtype`, as they are now. Under autocast to `dtype` it computes what `network` does, bit for
    bit, and casts no weight: autocast would at each call, since frozen weights are not cached.
    """
    memo: dict[int, Any] = {id(tensor): tensor for tensor in _tensors(network)}
    for module in network.modules():
        weight = module._parameters.get("weight")
        # A table of embeddings is looked up, not multiplied with: autocast leaves it alone.
        if weight is not None and weight.dim() >= 2 and not isinstance(module, nn.Embedding):
            memo[id(weight)] = nn.Parameter(weight.detach().to(dtype), requires_grad=False)
    return copy.deepcopy(network, memo)


def _tensors(network: nn.Module) -> list[Tensor]:
    return [*network.parameters(), *network.buffers()]
