"""Small pickles as EDM's official code writes them, with this plug-in's networks inside.

An object of torch_utils.persistence is written as a call of `_reconstruct_persistent_obj`, which
stands in a module of that name while the file is written and nowhere else.
"""

from __future__ import annotations

import contextlib
import io
import pickle
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from secantfw_edm.architecture import Architecture
from secantfw_edm.block import UNetBlock
from secantfw_edm.dhariwal_unet import DhariwalUNet
from secantfw_edm.embeddings import FourierEmbedding, PositionalEmbedding
from secantfw_edm.layers import Conv
from secantfw_edm.network import build_network
from secantfw_edm.song_unet import SongUNet
from torch import nn

from secantfw import DataSpec

SOURCE = "raise SystemExit('the source text of a pickle was executed')\n" * 600  # 36 kB, as theirs
SMALL = {"img_resolution": 8, "img_channels": 3, "model_channels": 8, "channel_mult": [1, 2],
         "num_blocks": 1, "attn_resolutions": [4]}  # fmt: skip
_OFFICIAL = {SongUNet: "SongUNet", DhariwalUNet: "DhariwalUNet", UNetBlock: "UNetBlock",
             Conv: "Conv2d", nn.Linear: "Linear", nn.GroupNorm: "GroupNorm",
             PositionalEmbedding: "PositionalEmbedding",
             FourierEmbedding: "FourierEmbedding"}  # fmt: skip


def _reconstruct_persistent_obj(meta):
    raise AssertionError("a name in a pickle was called")


def scalar(dtype, content):
    raise AssertionError("a name in a pickle was called")


class Persistent:
    """An object whose `__dict__` and constructor arguments are kept beside its source text."""

    def __init__(self, class_name: str, attributes: dict[str, Any], **meta: Any) -> None:
        said = {"type": "class", "version": 6, "module_src": SOURCE}
        self.meta = {**said, "class_name": class_name, "state": attributes, **meta}

    def __reduce__(self):
        return _reconstruct_persistent_obj, (self.meta,)

    @property
    def state(self) -> dict[str, Any]:
        return self.meta["state"]


def network_of(**arguments: Any) -> SongUNet | DhariwalUNet:
    """The network that constructor arguments describe, with random weights."""
    side = arguments["img_resolution"]
    spec = DataSpec((arguments["img_channels"],) + 2 * (side,), arguments.get("label_dim", 0))
    channels = arguments.pop("out_channels", spec.shape[0])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = build_network(Architecture.of(arguments), spec, channels)
        for tensor in [*network.parameters(), *network.buffers()]:
            if tensor.is_floating_point():
                nn.init.normal_(tensor, std=0.1)
    return network.eval().requires_grad_(False)


def written(module: nn.Module, **arguments: Any) -> Any:
    """A module as the official one of its kind is written."""
    state = dict(nn.Module().__dict__)
    state["training"] = False
    state["_parameters"] = {k: v for k, v in module._parameters.items() if v is not None}
    passing = module._non_persistent_buffers_set
    state["_buffers"] = {k: v for k, v in module._buffers.items() if k not in passing}
    state["_modules"] = {k: written(child) for k, child in module._modules.items()}
    if isinstance(module, nn.ModuleDict):
        made = nn.ModuleDict()
        made.__dict__.update(state)
        return made
    if isinstance(module, Conv):
        arguments = {"init_weight": np.sqrt(0.2), "kernel": 3}
    if isinstance(module, UNetBlock):
        state["skip_scale"] = np.sqrt(0.5)
    state.update(_init_args=(), _init_kwargs=arguments)
    return Persistent(_OFFICIAL[type(module)], state)


def snapshot(
    class_name: str = "EDMPrecond", network: nn.Module | None = None, **arguments: Any
) -> dict[str, Any]:
    """What is dumped: the network in its wrapper, and what else a snapshot holds."""
    said = {**SMALL, "model_type": "SongUNet", **arguments}
    network = network_of(**said) if network is None else network
    state = dict(nn.Module().__dict__)
    model = written(network, in_channels=3, out_channels=3, **said)
    state.update(_modules={"model": model}, _init_args=(), _init_kwargs=said, use_fp16=False)
    loss = Persistent("EDMLoss", {"P_mean": -1.2, "P_std": 1.2, "sigma_data": 0.5})
    pipe = Persistent("AugmentPipe", {"p": 0.12, "xflip": 1e8, "_init_args": ()})
    return {
        "ema": Persistent(class_name, state),
        "loss_fn": loss,
        "augment_pipe": pipe,
        "dataset_kwargs": {"class_name": "training.dataset.ImageFolderDataset", "cache": True},
    }


def dumped(value: object, *, old_numpy: bool = False) -> bytes:
    """The pickle; numpy's numbers named as before numpy 2, or as since."""
    stream = io.BytesIO()
    with _modules("numpy.core.multiarray" if old_numpy else "numpy._core.multiarray"):
        _Pickler(stream, 4).dump(value)
    return stream.getvalue()


def save(file: Path, value: object, **how: bool) -> Path:
    file.write_bytes(dumped(value, **how))
    return file


class _Pickler(pickle.Pickler):
    """Numpy's numbers by a `scalar` whose module's name is ours to choose."""

    def reducer_override(self, value):
        if isinstance(value, np.float64):
            return scalar, (np.dtype("f8"), value.tobytes())
        return NotImplemented


@contextlib.contextmanager
def _modules(numpy_core: str):
    """The modules that the pickler finds the two functions in."""
    found = {}
    for function, name in (
        (_reconstruct_persistent_obj, "torch_utils.persistence"),
        (scalar, numpy_core),
    ):
        function.__module__ = name
        parent = name.rpartition(".")[0]
        found[name], found[parent] = ModuleType(name), ModuleType(parent)
        setattr(found[name], function.__name__, function)
    before = {name: sys.modules.get(name) for name in found}
    sys.modules.update(found)
    try:
        yield
    finally:
        for name, module in before.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module
