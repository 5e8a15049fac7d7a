"""The official initialisation (adaLN-zero), and what the second time adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from secantfw_sit.embeddings import TimeEmbedder
    from secantfw_sit.network import SiTNetwork


def initialise(network: SiTNetwork) -> None:
    """Every block starts as the identity and the output as zero.

    s_embedder starts as a copy of t_embedder. A network trained only at s = t then keeps the two
    equal bit for bit, since their gradients are the same, and remains a one-time network.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    projection = network.x_embedder.proj
    nn.init.xavier_uniform_(projection.weight.view(projection.weight.shape[0], -1))
    assert projection.bias is not None
    nn.init.zeros_(projection.bias)
    if network.y_embedder is not None:
        nn.init.normal_(network.y_embedder.embedding_table.weight, std=0.02)
    _initialise_time(network.t_embedder)
    for layer in (*network.blocks, network.final_layer):
        _zero(layer.adaLN_modulation[1])
    _zero(network.final_layer.linear)
    share_time(network)


def share_time(network: SiTNetwork) -> None:
    """Make f(x, t, t) = v(x, t): s_embedder := t_embedder, and a guidance scale has no effect."""
    if network.s_embedder is not None:
        network.s_embedder.load_state_dict(network.t_embedder.state_dict())
    if network.cfg_embedder is not None:
        _initialise_time(network.cfg_embedder)
        _zero(network.cfg_embedder.mlp[2])


def _initialise_time(embedder: TimeEmbedder) -> None:
    for index in (0, 2):
        nn.init.normal_(embedder.mlp.get_parameter(f"{index}.weight"), std=0.02)


@torch.no_grad()
def _zero(linear: nn.Module) -> None:
    for parameter in linear.parameters():
        parameter.zero_()
