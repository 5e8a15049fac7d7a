"""What SiT weights show without a description of their own: sizes from the shapes of tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from secantfw import UserError

#: A run saves the whole backbone, in which the network is the member of this name.
PREFIX = "network."

Shapes = Mapping[str, tuple[int, ...]]
_BLOCK = re.compile(r"blocks\.(\d{1,6})\.")


def sizes_from_shapes(shapes: Shapes) -> dict[str, Any]:
    """Sizes of a SiT state dict (official names), without the heads; {} if it is something else.

    Raises:
        UserError: a block whose number says more blocks than there are tensors.
    """
    patches = shapes.get("x_embedder.proj.weight", ())  # (width, C, patch, patch)
    last = shapes.get("final_layer.linear.weight", ())  # (patch^2 * C or 2C, width)
    hidden = shapes.get("blocks.0.mlp.fc1.weight", ())  # (mlp_ratio * width, width)
    if len(patches) != 4 or len(last) != 2 or len(hidden) != 2 or 0 in patches:
        return {}
    width, channels, patch, _ = patches
    depth = 1 + max(int(m[1]) for m in map(_BLOCK.match, shapes) if m)
    if depth > len(shapes):  # a forged name must not build a million blocks
        raise UserError(f"names block {depth - 1} and has {len(shapes)} tensors in all")
    return {
        "width": width,
        "depth": depth,
        "patch": patch,
        "mlp_ratio": hidden[0] / width,
        "learn_sigma": last[0] == 2 * channels * patch * patch,
    }


def data_from_shapes(shapes: Shapes) -> tuple[tuple[int, ...], int] | None:
    """(data shape, number of classes) of a SiT state dict; None if it is something else."""
    patches, places = shapes.get("x_embedder.proj.weight", ()), shapes.get("pos_embed", ())
    if len(patches) != 4 or len(places) != 3:
        return None
    side = math.isqrt(places[1]) * patches[2]
    rows = shapes.get("y_embedder.embedding_table.weight", (1,))[0]  # the last is the null class
    return (patches[1], side, side), rows - 1


def stored_shapes(file: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes in a safetensors file, whose tensors are not read."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as tensors:
            return {
                key.removeprefix(PREFIX): tuple(tensors.get_slice(key).get_shape())
                for key in tensors.keys()  # noqa: SIM118  (the reader is not iterable)
            }
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: not a safetensors file ({error})") from error
