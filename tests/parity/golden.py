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
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

RESULTS = ("out/", "derived/")
INPUTS = ("state/", "teacher/", "in/", "draw/")
#: By the end of a result's name: the precision it was computed in.
PRECISIONS = {".f32": torch.float32, ".f64": torch.float64}


@attrs.frozen(eq=False)
class Golden:
    """One file with its sidecar."""

    FOLDERS = INPUTS + RESULTS

    stem: str
    sidecar: dict[str, Any]
    folder: Path

    @functools.cached_property
    def tensors(self) -> dict[str, Tensor]:
        return load_file(str(self.file))

    @property
    def file(self) -> Path:
        return self.folder / f"{self.stem}.safetensors"

    def __getitem__(self, name: str) -> Tensor:
        return self.tensors[name]

    def results(self) -> list[str]:
        """Every result that the file holds or that its sidecar lists."""
        names = {**self.sidecar.get("tensors", {}), **dict.fromkeys(self._held())}
        return [name for name in names if name.startswith(RESULTS)]

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

    def _held(self) -> list[str]:
        if not self.file.is_file():
            return []
        with safe_open(str(self.file), framework="pt") as tensors:
            return list(tensors.keys())

    def inputs(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """The inputs, floating ones in the precision of a comparison."""
        return {
            k: v.to(dtype) if v.is_floating_point() else v for k, v in self.under("in").items()
        }


def golden_files(folder: Path) -> list[Golden]:
    """Every file in the folder in the order of their names; one alone of a pair counts as well."""
    stems = {file.stem for end in ("json", "safetensors") for file in folder.glob(f"*.{end}")}
    return [Golden(stem, _sidecar(folder / f"{stem}.json"), folder) for stem in sorted(stems)]


def _sidecar(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.is_file() else {}


def suffix_of(name: str) -> str:
    """`.f32`, `.f64` or nothing."""
    return next((end for end in PRECISIONS if name.endswith(end)), "")


def case_of(name: str) -> str:
    within = name.split("/", 1)[1]
    return within.removesuffix(suffix_of(name)).split("/")[0]
