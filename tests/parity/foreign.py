"""A golden folder as somebody else would write it: official names, SiT's own time (t = 0 noise).

Its results are those of this repository's network; what such a folder proves is that the
comparison builds the network which the sidecar describes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from secantfw_sit.network import SiTNetwork
from secantfw_sit.sizes import Sizes
from torch import Tensor

from secantfw import DataSpec

CTOR: dict[str, Any] = {
    "input_size": 8,
    "patch_size": 2,
    "in_channels": 4,
    "hidden_size": 32,
    "depth": 2,
    "num_heads": 4,
    "num_classes": 10,
    "learn_sigma": True,
}
_SCALE, _GUIDED = 1.5, 3
_ROWS = 4


def write_sit(folder: Path, **ctor: Any) -> None:
    """`foreign.json` and `foreign.safetensors` of a network with these arguments."""
    said = {**CTOR, **ctor}
    network = _network(said)
    inputs = _inputs(said)
    held = {f"state/{name}": value.clone() for name, value in network.state_dict().items()}
    held |= {f"in/{name}": value for name, value in inputs.items()}
    for end, dtype in ((".f32", torch.float32), (".f64", torch.float64)):
        held |= {f"out/{k}{end}": v for k, v in _results(network.to(dtype), inputs, dtype).items()}
    sidecar = {
        "ctor": said,
        "tolerance": "f32 rel 2e-5; f64 rel 1e-9",
        "cfg_scales": [_SCALE],
        "ode": [],
        "sde": [],
        "tensors": {
            name: {"shape": list(v.shape), "dtype": str(v.dtype).removeprefix("torch.")}
            for name, v in held.items()
        },
    }
    (folder / "foreign.json").write_text(json.dumps(sidecar))
    save_file({k: v.contiguous() for k, v in held.items()}, str(folder / "foreign.safetensors"))


def _network(said: dict[str, Any]) -> SiTNetwork:
    side = said["input_size"]
    sizes = Sizes(
        said["hidden_size"],
        said["depth"],
        said["num_heads"],
        said["patch_size"],
        said.get("mlp_ratio", 4.0),
        said["learn_sigma"],
    )
    network = SiTNetwork(sizes, DataSpec((said["in_channels"], side, side), said["num_classes"]))
    rng = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.requires_grad:  # the last layers start as zeros
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=rng))
    return network.eval()


def _inputs(said: dict[str, Any]) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(1)
    shape, null = (_ROWS, said["in_channels"], said["input_size"], said["input_size"]), 10
    x, y = torch.randn(shape, generator=rng), torch.arange(_ROWS)
    return {
        "x": x,
        "t": torch.rand(_ROWS, generator=rng),
        "y": y,
        "z_cfg": torch.cat([x[:2], x[:2]]),
        "t_cfg": torch.tensor([0.3, 0.6]).repeat(2),
        "y_cfg": torch.cat([y[:2], torch.full((2,), null)]),
    }


@torch.no_grad()
def _results(
    network: SiTNetwork, inputs: dict[str, Tensor], dtype: torch.dtype
) -> dict[str, Tensor]:
    given = {k: v.to(dtype) if v.is_floating_point() else v for k, v in inputs.items()}
    both = network(given["z_cfg"], given["t_cfg"], label=given["y_cfg"])
    labelled, null = both[:, :_GUIDED].chunk(2)
    guided = null + _SCALE * (labelled - null)
    return {
        "velocity": network(given["x"], given["t"], label=given["y"]),
        f"forward_with_cfg_{_SCALE}": torch.cat([guided.repeat(2, 1, 1, 1), both[:, _GUIDED:]], 1),
    }
