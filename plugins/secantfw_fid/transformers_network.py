"""A feature network that is a folder of transformers: config.json and model.safetensors.

CLIP gives its projected embedding, others (DINOv2, ViT ...) their pooled output. Nothing is
downloaded, and none of the folder's own code is run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from secantfw import UserError, parse_json

CONFIG, WEIGHTS, PREPROCESSOR = "config.json", "model.safetensors", "preprocessor_config.json"


def load_transformer(folder: Path, device: torch.device) -> Callable[[Tensor], Tensor]:
    """(n, 3, size, size) -> (n, d).

    Raises:
        UserError: without transformers, or the folder is not a whole network of pictures.
    """
    if importlib.util.find_spec("transformers") is None:
        raise UserError("metric: a network folder needs transformers; pip install transformers")
    from transformers import AutoModel, CLIPVisionModelWithProjection

    clip = str(_json(folder / CONFIG).get("model_type", "")).startswith("clip")
    kind: Any = CLIPVisionModelWithProjection if clip else AutoModel
    with _quiet():
        net, said = kind.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, output_loading_info=True
        )
    if said["missing_keys"]:  # transformers would draw them at random
        first, *others = sorted(said["missing_keys"])
        more = f" and {len(others)} more" if others else ""
        raise UserError(f"metric: {folder.name}: {WEIGHTS} has no {first}{more}")
    net = net.to(device).eval().requires_grad_(False)
    output = "image_embeds" if clip else "pooler_output"

    def features(x: Tensor) -> Tensor:
        found: Tensor = net(pixel_values=x)[output]
        return found

    return features


def colours(folder: Path, name: str) -> tuple[float, ...] | None:
    """`image_mean` or `image_std` of the folder's preprocessor; None where it says none."""
    file = folder / PREPROCESSOR
    said = _json(file).get(name) if file.is_file() else None
    if said is None:
        return None
    if isinstance(said, list) and len(said) == 3 and all(type(v) in (int, float) for v in said):
        return tuple(map(float, said))
    raise UserError(f"metric: {file}: {name} is not three numbers")


@contextmanager
def _quiet() -> Iterator[None]:
    """Without transformers' bar, and its list of weights that are left over: CLIP's text half."""
    from transformers.utils import logging

    verbosity, bar = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bar:
            logging.enable_progress_bar()


def _json(file: Path) -> dict[str, Any]:
    try:
        found = parse_json(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"metric: {file}: cannot be read ({error})") from error
    return found if isinstance(found, dict) else {}
