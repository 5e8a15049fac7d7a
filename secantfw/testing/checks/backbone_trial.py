"""A backbone in a state that hides nothing: zero-initialised layers shaken, evaluation mode."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.interfaces.backbone import Backbone
from secantfw.testing.network_inputs import NetworkInputs, network_inputs
from secantfw.testing.subject import Subject

#: Standard deviation of what is added to every weight: zeros wake up, nothing saturates.
_SHAKE = 0.05


def shaken(subject: Subject, seed: int = 0) -> Backbone:
    """A new network with noise on every parameter: at birth many are zero, and f is blind."""
    network: Backbone = subject.build(seed)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in network.parameters():
            p.add_(_SHAKE * torch.randn(p.shape, generator=rng).to(p.dtype))
    return network.eval()


def inputs_of(
    subject: Subject, network: Backbone, dtype: torch.dtype = torch.float32
) -> NetworkInputs:
    """Inputs for the data it was built for; with scales for a network that is told them."""
    told = "guidance" in network.supports
    return network_inputs(subject.site[0].spec, network.path, told, dtype)


@torch.no_grad()
def evaluate(network: Backbone, given: NetworkInputs) -> Tensor:
    """f(x, t, s), (B, *)."""
    f: Tensor = network(given.x, given.t, given.s, given.cond)
    return f


@torch.no_grad()
def evaluate_tangent(network: Backbone, given: NetworkInputs) -> Tensor:
    """f(x, t, t), (B, *)."""
    v: Tensor = network(given.x, given.t, given.t, given.cond)
    return v
