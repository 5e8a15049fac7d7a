"""Golden files: a safetensors file of official inputs, weights and results, and its sidecar JSON.

Names: `state/` and `teacher/` weights, `in/` inputs, `draw/` recorded random draws, `out/` and
`derived/` results. A result's case is the first part of its name: `out/f_tt.f64` belongs to f_tt,
`out/sdei_teacher_N4/loss.f32` to sdei_teacher_N4.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import attrs
import torch
from safetensors.torch import load_file
from torch import Tensor

RESULTS = ("out/", "derived/")
#: By the end of a result's name: the precision it was computed in.
PRECISIONS = {".f32": torch.float32, ".f64": torch.float64}


@attrs.frozen(eq=False)
class Golden:
    """One file with its sidecar."""

    stem: str
    sidecar: dict[str, Any]
    folder: Path

    @functools.cached_property
    def tensors(self) -> dict[str, Tensor]:
        return load_file(str(self.folder / f"{self.stem}.safetensors"))

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def results(self) -> list[str]:
        return [name for name in self.sidecar["tensors"] if name.startswith(RESULTS)]

    def cases(self) -> dict[str, list[str]]:
        """Case name -> names of its results."""
        cases: dict[str, list[str]] = {}
        for name in self.results():
            cases.setdefault(case_of(name), []).append(name)
        return cases

    def under(self, prefix: str) -> dict[str, Tensor]:
        """The tensors below `prefix/`, without it."""
        start = prefix + "/"
        return {k[len(start) :]: v for k, v in self.tensors.items() if k.startswith(start)}

    def inputs(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The inputs, floating ones in the precision of a comparison."""
        return {
            k: v.to(dtype) if v.is_floating_point() else v for k, v in self.under("in").items()
        }


def golden_files(folder: Path) -> list[Golden]:
    """Every sidecar in the folder, in the order of their names."""
    return [
        Golden(sidecar.stem, json.loads(sidecar.read_text()), folder)
        for sidecar in sorted(folder.glob("*.json"))
    ]


def suffix_of(name: str) -> str:
    """`.f32`, `.f64` or nothing."""
    return next((end for end in PRECISIONS if name.endswith(end)), "")


def case_of(name: str) -> str:
    within = name.split("/", 1)[1]
    return within.removesuffix(suffix_of(name)).split("/")[0]
