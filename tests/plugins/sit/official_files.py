"""Small files as other projects write them: random weights under the official names."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import torch
from secantfw_sit.network import SiTNetwork
from secantfw_sit.sizes import Sizes
from torch import Tensor

from secantfw import DataSpec

SPEC = DataSpec((2, 8, 8), num_classes=5)
SIZES = Sizes(width=128, depth=2, heads=4, patch=2, learn_sigma=True)  # tiny's width: 4 heads
ARGS = Namespace(model="SiT-L/2", path_type="GVP", prediction="velocity", global_seed=0)


def state(seed: int = 0, sizes: Sizes = SIZES, spec: DataSpec = SPEC, **two) -> dict[str, Tensor]:
    """A state dict whose every number is noise, so that no equality is one of zeros."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = SiTNetwork(sizes, spec, **two)
        for parameter in network.parameters():
            if parameter.requires_grad:
                torch.nn.init.normal_(parameter, std=0.1)
    return dict(network.state_dict())


def save(file: Path, value: object) -> Path:
    torch.save(value, file)
    return file


def checkpoint(file: Path, *, args: object = ARGS, **two: bool) -> Path:
    """What SiT's and the secant repository's train.py write."""
    model = state(1, **two)
    opt = {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(2)}},
        "param_groups": [],
    }
    return save(file, {"model": model, "ema": state(2, **two), "opt": opt, "args": args})


def diffusers_file(folder: Path, weights: dict[str, Tensor], **config: object) -> Path:
    """The same network under diffusers' names: qkv apart, embeddings once a block."""
    from safetensors.torch import save_file

    once = {"t_embedder.mlp.0": "timestep_embedder.linear_1",
            "t_embedder.mlp.2": "timestep_embedder.linear_2",
            "y_embedder.embedding_table": "class_embedder.embedding_table"}  # fmt: skip
    other = {"x_embedder.proj": "pos_embed.proj", "final_layer.linear": "proj_out_2",
             "final_layer.adaLN_modulation.1": "proj_out_1"}  # fmt: skip
    inside = {"adaLN_modulation.1": "norm1.linear", "attn.proj": "attn1.to_out.0",
              "mlp.fc1": "ff.net.0.proj", "mlp.fc2": "ff.net.2"}  # fmt: skip
    said: dict[str, Tensor] = {}
    for key, value in weights.items():
        name, _, kind = key.rpartition(".")
        if name in once:
            for block in range(SIZES.depth):
                said[f"transformer_blocks.{block}.norm1.emb.{once[name]}.{kind}"] = value.clone()
        elif name in other:
            said[f"{other[name]}.{kind}"] = value
        elif name.startswith("blocks."):
            _, block, part = name.split(".", 2)
            stem = f"transformer_blocks.{block}"
            if part == "attn.qkv":
                for letter, third in zip("qkv", value.chunk(3), strict=True):
                    said[f"{stem}.attn1.to_{letter}.{kind}"] = third.clone()
            else:
                said[f"{stem}.{inside[part]}.{kind}"] = value
    folder.mkdir(exist_ok=True)
    file = folder / "diffusion_pytorch_model.safetensors"
    save_file(said, file, metadata={"format": "pt"})
    if config:
        (folder / "config.json").write_text(json.dumps(config))
    return file
