"""A SiT as diffusers' DiTTransformer2DModel and FlowMapEulerDiscreteScheduler, unchanged, run it.

A DiT has one time, so a secant goes there for a fixed number of steps only (`diffusers_time`). The
scheduler steps from t to r by x - (t - r) F, and SiT's output has the other sign: F = v.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import attrs
import torch
from torch import Tensor

from secantfw import DataSpec, Export, ExportedFiles, UserError
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.embeddings import position_grid
from secantfw_sit.formats.diffusers_card import card
from secantfw_sit.formats.diffusers_names import INSIDE, OUTSIDE, QKV, SHARED
from secantfw_sit.formats.diffusers_time import MOST_STEPS, TIMESTEPS, at_any_time, at_steps
from secantfw_sit.network import SiTNetwork

_MLP_RATIO = 4  # the only one that DiTTransformer2DModel has
_HALF = 5e-4  # positions that were stored in half precision, as in the embedded teacher
_WEIGHTS = "diffusion_pytorch_model.safetensors"


@torch.no_grad()
def exported(asked: Export) -> ExportedFiles:
    """The folder's files.

    Raises:
        UserError: what has no counterpart in diffusers.
    """
    student, spec = asked.student, asked.header.spec
    assert isinstance(student, SiTBackbone)
    assert spec is not None
    _check(student, asked)
    if asked.times:
        time = at_steps(asked.times[:-1], _rows(student, asked))
    else:
        student.tangent_weights()  # refuses two times that have grown apart
        time = at_any_time(student.network.t_embedder)
    weights = {**student.network.state_dict(), **time, **_output(student.network)}
    if student.network.y_embedder is None:  # a DiT always has labels: all are the row of zeros
        weights["y_embedder.embedding_table.weight"] = time["t_embedder.mlp.0.bias"].new_zeros(
            1, student.sizes.width
        )
    scheduler = {
        "_class_name": "FlowMapEulerDiscreteScheduler",
        "num_train_timesteps": TIMESTEPS,
        "shift": 1.0,
    }
    texts = {
        "config.json": _json(_config(student, spec)),
        "scheduler_config.json": _json(scheduler),
        "README.md": card(spec, asked.times),
    }
    return ExportedFiles(_WEIGHTS, dict(_renamed(weights, student.sizes.depth)), texts)


def _check(student: SiTBackbone, asked: Export) -> None:
    sizes, path, n = student.sizes, student.path, len(asked.times) - 1
    grid = position_grid(student.network.side // sizes.patch, sizes.width)
    most = min(MOST_STEPS, sizes.width)
    refusals = {
        f"predicts the {student.prediction}, diffusers' scheduler needs a velocity": (
            student.prediction != "velocity"
        ),
        f"has mlp_ratio = {sizes.mlp_ratio:g}, a DiTTransformer2DModel has 4": (
            sizes.mlp_ratio != _MLP_RATIO
        ),
        f"runs from t = {path.t_max:g} to {path.t_min:g}, diffusers' scheduler from 1 to 0": (
            (path.t_max, path.t_min) != (1.0, 0.0)
        ),
        f"cannot be told {n} steps apart; at most {most}": n > most,
        "has positions of its own, a DiTTransformer2DModel makes them anew": (
            not torch.allclose(student.network.pos_embed, grid, atol=_HALF)
        ),
    }
    for what, refused in refusals.items():
        if refused:
            raise UserError(f"export to diffusers: this network {what}")


def _rows(student: SiTBackbone, asked: Export) -> Tensor:
    """c(t_k), (N, width): everything that conditions the network but the label."""
    network, times = student.network, torch.tensor(asked.times)
    assert network.s_embedder is not None
    rows = (network.t_embedder(1 - times[:-1]) + network.s_embedder(1 - times[1:])) / 2
    told = student.told(torch.tensor(asked.scales)) if asked.scales else None
    if network.cfg_embedder is not None and told is not None:
        rows = rows + network.cfg_embedder(told)
    return rows  # type: ignore[no-any-return]


def _output(network: SiTNetwork) -> dict[str, Tensor]:
    """The last layer with the other sign, without the half of the channels that is not used."""
    linear, p, width = network.final_layer.linear, network.patch, network.out_channels
    weight = linear.weight.view(p * p, width, -1)[:, : network.channels].flatten(0, 1)
    bias = linear.bias.view(p * p, width)[:, : network.channels].flatten()
    return {"final_layer.linear.weight": -weight, "final_layer.linear.bias": -bias}


def _renamed(weights: Mapping[str, Tensor], depth: int) -> Iterator[tuple[str, Tensor]]:
    """Every weight that a DiT has, under the names of diffusers."""
    for kind in ("weight", "bias"):
        for theirs, ours in OUTSIDE.items():
            yield f"{theirs}.{kind}", weights[f"{ours}.{kind}"]
        for n in range(depth):
            block = f"transformer_blocks.{n}"
            for theirs, ours in INSIDE.items():
                yield f"{block}.{theirs}.{kind}", weights[f"blocks.{n}.{ours}.{kind}"]
            thirds = weights[f"blocks.{n}.attn.qkv.{kind}"].chunk(3)
            yield from ((f"{block}.{q}.{kind}", part) for q, part in zip(QKV, thirds, strict=True))
            for theirs, ours in SHARED.items():
                if f"{ours}.{kind}" in weights:
                    yield f"{block}.{theirs}.{kind}", weights[f"{ours}.{kind}"]


@attrs.frozen
class _DiTConfig:
    """The arguments of DiTTransformer2DModel."""

    num_attention_heads: int
    attention_head_dim: int
    in_channels: int
    out_channels: int
    num_layers: int
    sample_size: int
    patch_size: int
    num_embeds_ada_norm: int
    norm_eps: float = 1e-6
    activation_fn: str = "gelu-approximate"
    norm_type: str = "ada_norm_zero"


def _config(student: SiTBackbone, spec: DataSpec) -> Mapping[str, object]:
    sizes = student.sizes
    config = _DiTConfig(
        num_attention_heads=sizes.heads,
        attention_head_dim=sizes.width // sizes.heads,
        in_channels=spec.shape[0],
        out_channels=spec.shape[0],
        num_layers=sizes.depth,
        sample_size=spec.shape[-1],
        patch_size=sizes.patch,
        num_embeds_ada_norm=spec.num_classes,
    )
    return {"_class_name": "DiTTransformer2DModel", **attrs.asdict(config)}


def _json(content: Mapping[str, object]) -> str:
    return json.dumps(content, indent=2) + "\n"
