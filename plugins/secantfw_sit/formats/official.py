"""SiT's own files and those of the secant release: a state dict, or a training checkpoint."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from torch import Tensor

from secantfw import (
    ConvertedWeights,
    UserError,
    WeightsFormat,
    load_torch_file,
    load_weights,
    pickled_part,
)
from secantfw_sit.formats.describe import describe
from secantfw_sit.formats.training_args import TrainingArgs, read_args
from secantfw_sit.weights_file import stored_shapes

_EVIDENCE = "x_embedder.proj.weight"
_SETS = ("ema", "model")  # of a training checkpoint, the one to be used first
_REST = ("opt", "args")


class OfficialSiT(WeightsFormat):
    """`SiT-XL-2-256.pt` is a bare state dict; train.py writes dict(model, ema, opt, args)."""

    summary = "SiT or secant DiT under the official names: state dict or training checkpoint"

    def recognises(self, file: Path) -> bool:
        if _is_safetensors(file):
            return any(key.endswith(_EVIDENCE) for key in stored_shapes(str(file)))
        return _EVIDENCE.encode() in pickled_part(file)

    def read(self, file: Path, which: str, options: Mapping[str, object]) -> ConvertedWeights:
        if _is_safetensors(file):
            loaded: Any = load_weights(file)
        else:
            loaded = load_torch_file(file, allow=[argparse.Namespace])
        if not isinstance(loaded, dict):
            raise UserError(f"{file}: holds a {type(loaded).__name__}, expected a dict of tensors")
        sets = [name for name in _SETS if isinstance(loaded.get(name), dict)]
        if not sets:
            if which:
                raise UserError(f"{file}: holds one set of weights, none called {which!r}")
            return describe(file, _tensors(file, loaded), TrainingArgs(), options)
        chosen = which or sets[0]
        if chosen not in sets:
            raise UserError(f"{file}: has no weights {chosen!r}; it has {', '.join(sets)}")
        args = read_args(loaded.get("args"))
        read = describe(file, _tensors(file, loaded[chosen]), args, options)
        rest = tuple(str(key) for key in loaded if key not in (*_SETS, *_REST))
        return attrs.evolve(
            read,
            note={"weights": f"{chosen} (of {', '.join(sets)})", **read.note},
            left_over=(*read.left_over, *rest),
        )


def _is_safetensors(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(9)[8:] == b"{"


def _tensors(file: Path, state: Mapping[Any, Any]) -> dict[str, Tensor]:
    """A state dict, with nothing else in it."""
    for key, value in state.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            raise UserError(
                f"{file}: expected names and tensors, got {repr(key)[:80]} ({type(key).__name__}) "
                f"and a {type(value).__name__}"
            )
    return dict(state)
