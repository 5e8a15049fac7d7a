"""The numbers that fix the network's shape, and where they come from.

In this order: the option itself, the preset `size`, the header of the teacher's weights, the
shapes in that file. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from secantfw import DataSpec, UserError, WeightsHeader
from secantfw_sit.options import SiTOptions
from secantfw_sit.weights_file import sizes_from_shapes, stored_shapes

#: name: (width, depth, heads)
PRESETS: Mapping[str, tuple[int, int, int]] = {
    "tiny": (128, 4, 4),
    "S": (384, 12, 6),
    "B": (768, 12, 12),
    "L": (1024, 24, 16),
    "XL": (1152, 28, 16),
}
PATCHES = (2, 4, 8)


@attrs.frozen
class Sizes:
    """One network's shape. Its fields are the header's `options` in a weights file."""

    width: int
    depth: int
    heads: int
    patch: int
    mlp_ratio: float = 4.0
    learn_sigma: bool = False

    def check(self, spec: DataSpec) -> None:
        """Refuse data or sizes that do not divide, naming the numbers."""
        shape = spec.shape
        if len(shape) != 3 or shape[1] != shape[2]:
            raise UserError(f"sit: needs square images (C, H, W), got data of shape {shape}")
        if shape[1] % self.patch:
            raise UserError(f"sit: image size {shape[1]} is not divisible by patch {self.patch}")
        if self.width % self.heads or self.width % 4:
            raise UserError(
                f"sit: width {self.width} must be divisible by 4 and by heads {self.heads}"
            )


def sizes_for(options: SiTOptions, weights: WeightsHeader | None) -> Sizes:
    """The student's sizes."""
    said = {
        field.name: getattr(options, field.name)
        for field in attrs.fields(Sizes)
        if getattr(options, field.name) is not None
    }
    preset = {} if options.size is None else _preset(options.size)
    return _complete({**sizes_in_weights(weights), **preset, **said})


def sizes_in_weights(weights: WeightsHeader | None) -> dict[str, Any]:
    """The sizes that a weights file gives; {} without one."""
    if weights is None:
        return {}
    names = {field.name for field in attrs.fields(Sizes)}
    said = {key: value for key, value in weights.options.items() if key in names}
    return said or _with_heads(sizes_from_shapes(stored_shapes(weights.file)))


def teacher_sizes(weights: WeightsHeader) -> Sizes:
    """The sizes of the network in a weights file, from nothing but the file."""
    said = sizes_in_weights(weights)
    if "width" not in said or "patch" not in said:
        raise UserError(f"{weights.file}: not the weights of a SiT network")
    if "heads" not in said:
        raise UserError(
            f"{weights.file}: does not say how many attention heads it has, and no SiT preset "
            f"has width {said['width']}"
        )
    return _complete(said)


def _complete(said: Mapping[str, Any]) -> Sizes:
    missing = [name for name in ("width", "depth", "heads", "patch") if name not in said]
    if missing:
        raise UserError(
            f"sit: {', '.join(missing)} not given: name them or a size ('tiny/4', 'S/2' ...), or "
            "give a teacher whose weights say it"
        )
    return Sizes(**said)


def _preset(size: str) -> dict[str, int]:
    name, _, patch = size.partition("/")
    if name not in PRESETS or patch not in map(str, PATCHES):
        raise UserError(
            f"sit: size {size!r} is not known; expected {', '.join(PRESETS)} "
            f"with a patch of {', '.join(map(str, PATCHES))}, as in 'XL/2'"
        )
    width, depth, heads = PRESETS[name]
    return {"width": width, "depth": depth, "heads": heads, "patch": int(patch)}


def _with_heads(said: dict[str, Any]) -> dict[str, Any]:
    """Add the heads, which no tensor's shape shows, from the preset of the same width."""
    heads = {width: heads for width, _depth, heads in PRESETS.values()}
    if said.get("width") in heads:
        said["heads"] = heads[said["width"]]
    return said
