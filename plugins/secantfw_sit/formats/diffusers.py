"""DiT and SiT networks as diffusers stores them: safetensors with a `config.json` beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import attrs
import torch
from torch import Tensor

from secantfw import (
    ConvertedWeights,
    Export,
    ExportedFiles,
    UserError,
    WeightsFormat,
    load_weights,
    parse_json,
)
from secantfw_sit.embeddings import position_grid
from secantfw_sit.formats.describe import describe
from secantfw_sit.formats.diffusers_export import exported
from secantfw_sit.formats.diffusers_names import INSIDE, OUTSIDE, QKV, SHARED
from secantfw_sit.formats.training_args import TrainingArgs
from secantfw_sit.weights_file import stored_shapes

_MAX_CONFIG_BYTES = 1 << 20
_MAX_SIDE = 1024  # latents of 8192 px
_BLOCK = re.compile(r"transformer_blocks\.(\d{1,6})\.(.+)\.(weight|bias)")


class DiffusersSiT(WeightsFormat):
    """DiTTransformer2DModel, Transformer2DModel (ada_norm_zero), and SiT under their names.

    Shapes show neither the heads nor the image size: they come from `config.json`, or from
    `--set heads=16 --set sample_size=32`. A DiT predicts noise, at other times than SiT's: its
    header says `prediction = "ddpm_noise"`, so that no teacher takes it for SiT's. SiT weights
    under a DiT's class name are converted with `--set prediction=velocity`.
    """

    summary = "DiT or SiT in diffusers' names, with its config.json"

    def recognises(self, file: Path) -> bool:
        with file.open("rb") as stream:
            if stream.read(9)[8:] != b"{":
                return False
        shapes = stored_shapes(str(file))
        return "proj_out_2.weight" in shapes and "pos_embed.proj.weight" in shapes

    def read(self, file: Path, which: str, options: Mapping[str, object]) -> ConvertedWeights:
        if which:
            raise UserError(f"{file}: holds one set of weights, none called {which!r}")
        stored, config = load_weights(file), _config(file)
        weights, left_over = _renamed(file, stored)
        known = {**config.options, **options}
        side = known.pop("sample_size", None)
        weights["pos_embed"] = _position(file, stored["pos_embed.proj.weight"], side)
        said = TrainingArgs(known, note={"class": config.class_name})
        read = describe(file, weights, said, {})
        header = attrs.evolve(read.header, options={**read.header.options, "sample_size": side})
        return attrs.evolve(read, header=header, left_over=(*read.left_over, *left_over))

    def export(self, asked: Export) -> ExportedFiles:
        return exported(asked)


@attrs.frozen
class Config:
    """What config.json says: heads, sample_size, prediction, as far as it is there."""

    options: Mapping[str, object]
    class_name: str


def _config(file: Path) -> Config:
    place = file.with_name("config.json")
    if not place.is_file():
        return Config({"prediction": "unknown"}, "no config.json")
    try:
        with place.open("rb") as stream:
            said = parse_json(stream.read(_MAX_CONFIG_BYTES))
        if not isinstance(said, dict):
            raise ValueError("it is no object")
    except (ValueError, OSError) as error:
        raise UserError(f"{place}: cannot be read ({str(error)[:80]})") from error
    name = str(said.get("_class_name", ""))[:80]
    options: dict[str, object] = {} if "SiT" in name else {"prediction": "ddpm_noise"}
    for key, ours in (("num_attention_heads", "heads"), ("sample_size", "sample_size")):
        if isinstance(said.get(key), int):
            options[ours] = said[key]
    return Config(options, "".join(c if c.isprintable() else "?" for c in name))


def _renamed(file: Path, stored: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], list[str]]:
    """(weights under SiT's names, names that have none)."""
    weights: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}  # q, k and v on their way to one qkv
    left_over = []
    for key, value in stored.items():
        outside, _, kind = key.rpartition(".")
        inside = _BLOCK.fullmatch(key)
        if outside in OUTSIDE:
            weights[f"{OUTSIDE[outside]}.{kind}"] = value
        elif inside is None:
            left_over.append(key)
        elif inside[2] in QKV:
            parts.setdefault(f"blocks.{inside[1]}.attn.qkv.{kind}", {})[inside[2]] = value
        elif inside[2] in INSIDE:
            weights[f"blocks.{inside[1]}.{INSIDE[inside[2]]}.{kind}"] = value
        elif inside[2] in SHARED:
            name = f"{SHARED[inside[2]]}.{kind}"
            if not torch.equal(weights.setdefault(name, value), value):
                raise UserError(f"{file}: {key} differs from the first block's, SiT has only one")
        else:
            left_over.append(key)
    for name, three in parts.items():
        if len(three) == len(QKV):  # else it counts as missing
            weights[name] = torch.cat([three[part] for part in QKV])
    return weights, left_over


def _position(file: Path, patches: Tensor, side: object) -> Tensor:
    """The position encoding, which diffusers makes anew instead of storing it."""
    if not isinstance(side, int):
        raise UserError(
            f"{file}: neither its shapes nor a config.json beside it show the image size; "
            "convert it with --set sample_size=32"
        )
    if patches.ndim != 4 or 0 in patches.shape or patches.shape[0] % 4:
        raise UserError(f"{file}: pos_embed.proj.weight is {tuple(patches.shape)}")
    if not 0 < side <= _MAX_SIDE or side % patches.shape[-1]:
        raise UserError(f"{file}: no image of side {side} has patches of {patches.shape[-1]}")
    return position_grid(side // patches.shape[-1], patches.shape[0])
