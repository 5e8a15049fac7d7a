"""From tensors under SiT's own names to weights that describe themselves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw import ConvertedWeights, DataSpec, UserError, WeightsHeader
from secantfw_sit.formats.training_args import TrainingArgs
from secantfw_sit.network import SiTNetwork
from secantfw_sit.sizes import PRESETS, Sizes
from secantfw_sit.weights_file import PREFIX, data_from_shapes, sizes_from_shapes

_WRAPPERS = ("module.", "_orig_mod.", PREFIX)  # DDP, torch.compile, a backbone of ours
_OPTIONS = ("guidance_embedding", "guidance_range", "prediction")


def describe(
    file: Path, tensors: Mapping[str, Tensor], args: TrainingArgs, options: Mapping[str, object]
) -> ConvertedWeights:
    """The weights as SiT's teacher and backbone take them.

    With one time the names are the official ones. With two (`s_embedder`) they are those of the
    backbone's state dict, and `cfg_embedder` needs to be told how it embeds a scale.

    Raises:
        UserError: tensors that make no SiT network, or of another shape than its others imply.
    """
    weights = unwrapped(tensors)
    shapes = {key: tuple(value.shape) for key, value in weights.items()}
    try:
        found, data = sizes_from_shapes(shapes), data_from_shapes(shapes)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    if not found or data is None:
        raise UserError(f"{file}: not the weights of a SiT network")
    said = {**found, **_heads(found["width"]), **args.options, **options}
    if "heads" not in said:
        raise UserError(
            f"{file}: does not say how many attention heads it has, and no SiT preset has width "
            f"{said['width']}; convert it with --set heads=N"
        )
    sizes = Sizes(**{f.name: said[f.name] for f in attrs.fields(Sizes) if f.name in said})
    spec = DataSpec(*data)
    guided = any(key.startswith("cfg_embedder.") for key in weights)
    two_times = any(key.startswith("s_embedder.") for key in weights)
    expected = _expected(file, sizes, spec, two_times=two_times, guided=guided)
    _check_shapes(file, expected, shapes)
    prefix = PREFIX if two_times else ""
    header_options = {**attrs.asdict(sizes), **_told(file, said, guided=guided)}
    path_name = "basics:linear" if two_times else args.path_name  # the release has no other
    return ConvertedWeights(
        tensors={prefix + key: value for key, value in weights.items() if key in expected},
        header=WeightsHeader(str(file), "sit:sit", header_options, spec, path_name),
        note={"times": "two (a student)" if two_times else "one (a teacher)", **args.note},
        missing=tuple(key for key in expected if key not in weights),
        left_over=tuple(key for key in weights if key not in expected),
    )


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the prefix that a wrapper module put before every name."""
    for prefix in _WRAPPERS:
        if tensors and all(key.startswith(prefix) for key in tensors):
            return unwrapped({key.removeprefix(prefix): v for key, v in tensors.items()})
    return dict(tensors)


def _heads(width: int) -> dict[str, int]:
    """Those of the preset of the same width: no tensor's shape shows them."""
    found = {preset: heads for preset, _depth, heads in PRESETS.values()}
    return {"heads": found[width]} if width in found else {}


def _expected(
    file: Path, sizes: Sizes, spec: DataSpec, *, two_times: bool, guided: bool
) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the network, built without memory."""
    if math.prod(spec.shape) == 0:
        raise UserError(f"{file}: made for data of shape {spec.shape}, which hold nothing")
    try:
        with torch.device("meta"):
            network = SiTNetwork(sizes, spec, two_times=two_times, guidance=guided)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def _check_shapes(
    file: Path, expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> None:
    wrong = [
        f"{key} is {found[key]}, expected {shape}"
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    if wrong:
        more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise UserError(f"{file}: {'; '.join(wrong[:3])}{more}")


def _told(file: Path, said: Mapping[str, Any], *, guided: bool) -> dict[str, object]:
    """The options beside the sizes; a guidance embedding that nobody explains is refused."""
    told = {key: said[key] for key in _OPTIONS if key in said}
    if not guided:
        told = {key: value for key, value in told.items() if key == "prediction"}
    elif "guidance_range" in told:
        told["guidance_embedding"] = "range"
    elif told.get("guidance_embedding") != "constant":
        raise UserError(
            f"{file}: embeds a guidance scale and does not say of which range; convert it with "
            "--set guidance_range=[1,2.5], or --set guidance_embedding=constant if it had one"
        )
    return told
