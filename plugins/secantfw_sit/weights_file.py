"""What a SiT weights file shows without a description of its own: sizes from tensor shapes."""

from __future__ import annotations

import math
import re
from typing import Any

from secantfw import UserError

#: A run saves the whole backbone, in which the network is the member of this name.
PREFIX = "network."


def sizes_from_shapes(file: str) -> dict[str, Any]:
    """Sizes of a bare SiT state dict (official names); {} if it is something else."""
    shapes = _shapes(file)
    patches = shapes.get("x_embedder.proj.weight")  # (width, C, patch, patch)
    last = shapes.get("final_layer.linear.weight")  # (patch^2 * C or 2C, width)
    hidden = shapes.get("blocks.0.mlp.fc1.weight")  # (mlp_ratio * width, width)
    if patches is None or last is None or hidden is None:
        return {}
    width, channels, patch, _ = patches
    blocks = {int(m[1]) for m in map(re.compile(r"blocks\.(\d+)\.").match, shapes) if m}
    return {
        "width": width,
        "depth": max(blocks) + 1,
        "patch": patch,
        "mlp_ratio": hidden[0] / width,
        "learn_sigma": last[0] == 2 * channels * patch * patch,
    }


def data_from_shapes(file: str) -> tuple[tuple[int, ...], int] | None:
    """(data shape, number of classes) of a bare SiT state dict; None if it is something else."""
    shapes = _shapes(file)
    patches, places = shapes.get("x_embedder.proj.weight"), shapes.get("pos_embed")
    if patches is None or places is None:
        return None
    side = math.isqrt(places[1]) * patches[2]
    rows = shapes.get("y_embedder.embedding_table.weight", (1,))[0]  # the last is the null class
    return (patches[1], side, side), rows - 1


def _shapes(file: str) -> dict[str, tuple[int, ...]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as tensors:
            return {
                key.removeprefix(PREFIX): tuple(tensors.get_slice(key).get_shape())
                for key in tensors.keys()  # noqa: SIM118  (the reader is not iterable)
            }
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: not a safetensors file ({error})") from error
