"""What the `args` of a training checkpoint say that its tensors do not show."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping
from typing import Any

import attrs

from secantfw_sit.sizes import PRESETS

#: SiT's and the secant repository's `--path-type`, by the name of the path here.
_PATHS = {"Linear": "basics:linear", "GVP": "basics:trigonometric", "VP": "basics:vp"}
_MODEL = re.compile(r"[DS]iT-(S|B|L|XL)/\d+")
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})-({_NUMBER})")
#: Shown to people, as far as they are there.
_NOTED = (
    "model",
    "path_type",
    "prediction",
    "loss_weight",
    "loss_type",
    "num_steps",
    "online_cfg",
)


@attrs.frozen
class TrainingArgs:
    """The few arguments that matter, or nothing for a file without any."""

    options: Mapping[str, Any] = attrs.field(factory=dict)  # heads, prediction, guidance
    path_name: str = ""
    note: Mapping[str, str] = attrs.field(factory=dict)


def read_args(args: object) -> TrainingArgs:
    """From an `argparse.Namespace` or a dict, whose values are believed only if they are plain."""
    found = vars(args) if isinstance(args, argparse.Namespace) else args
    if not isinstance(found, dict):
        return TrainingArgs()
    plain = {k: str(v) for k, v in found.items() if isinstance(v, (str, int, float))}
    options: dict[str, Any] = {}
    model = _MODEL.fullmatch(plain.get("model", ""))
    if model:
        options["heads"] = PRESETS[model[1]][2]
    if plain.get("prediction", "velocity") != "velocity":
        options["prediction"] = plain["prediction"][:20]
    options.update(_guidance(plain.get("online_cfg")))
    note = {f"args.{key}": _line(plain[key]) for key in _NOTED if key in plain}
    return TrainingArgs(options, _PATHS.get(plain.get("path_type", ""), ""), note)


def _guidance(online_cfg: str | None) -> dict[str, Any]:
    """`1-2.5` is a range of scales; one number is embedded as a constant."""
    if online_cfg is None:
        return {}
    scales = _RANGE.fullmatch(online_cfg)
    if scales:
        range_ = [float(scales[1]), float(scales[2])]
        return {"guidance_embedding": "range", "guidance_range": range_}
    if re.fullmatch(_NUMBER, online_cfg):
        return {"guidance_embedding": "constant"}
    return {}


def _line(text: str) -> str:
    """A stranger's text, short and without control characters."""
    return "".join(c if c.isprintable() else "?" for c in text[:80])
