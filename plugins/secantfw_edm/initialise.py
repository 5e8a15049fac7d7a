"""The official initialisation, and what the second time adds to it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from secantfw_edm.layers import Conv
from secantfw_edm.song_unet import SongUNet

#: The last layers of each residual branch and of the network.
_LAST = ("conv1", "proj", "aux_conv", "out_conv")


def initialise(network: nn.Module) -> None:
    """Every residual branch starts at (nearly) zero.

    The second time's layers start as copies. A network trained only at s = t then keeps the two
    equal bit for bit, since their gradients are the same, and remains a one-time network.
    """
    song = isinstance(network, SongUNet)
    for name, module in network.named_modules():
        weight = getattr(module, "weight", None)
        if isinstance(module, (nn.Linear, Conv)) and weight is not None:
            (_song if song else _dhariwal)(name.rpartition(".")[2], weight, module.bias)
    share_time(network)


def share_time(network: nn.Module) -> None:
    """Make f(x, t, t) = v(x, t): the second layers := the first, and a scale has no effect."""
    for index in (0, 1):
        second = getattr(network, f"map_layer{index}_s")
        if second is not None:
            second.load_state_dict(network.get_submodule(f"map_layer{index}").state_dict())
    guidance = getattr(network, "map_guidance", None)
    if guidance is not None:
        _uniform(guidance.layer0.weight, _fans(guidance.layer0.weight)[0])
        for tensor in (guidance.layer0.bias, *guidance.layer1.parameters()):
            nn.init.zeros_(tensor)


def _song(name: str, weight: Tensor, bias: Tensor | None) -> None:
    """Xavier's uniform law, without biases."""
    gain = 1e-5 if name.endswith(_LAST) else math.sqrt(0.2) if name == "qkv" else 1.0
    _uniform(weight, sum(_fans(weight)) / 2, gain)
    if bias is not None:
        nn.init.zeros_(bias)


def _dhariwal(name: str, weight: Tensor, bias: Tensor | None) -> None:
    """Kaiming's uniform law times sqrt(1/3), for biases too; labels are standard normal."""
    if name == "map_label":
        nn.init.normal_(weight)
        return
    gain = 0.0 if name.endswith((*_LAST, "map_augment")) else math.sqrt(1 / 3)
    for tensor in (weight, bias):
        if tensor is not None:
            _uniform(tensor, _fans(weight)[0], gain)


@torch.no_grad()
def _uniform(tensor: Tensor, fan: float, gain: float = 1.0) -> None:
    """Uniform with variance gain^2 / fan."""
    bound = gain * math.sqrt(3 / fan)
    tensor.uniform_(-bound, bound)


def _fans(weight: Tensor) -> tuple[int, int]:
    """Inputs and outputs of a unit."""
    taps = math.prod(weight.shape[2:])
    return weight.shape[1] * taps, weight.shape[0] * taps
