"""EDM's networks as a sidecar's official constructor arguments describe them.

Results in float64 are compared with attention written out, whose softmax is in float32 as in the
official code; results in float32 with the fused attention that everybody uses.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import attrs
import torch
from secantfw_edm.architecture import Architecture
from secantfw_edm.condition import Told
from secantfw_edm.design import Design
from secantfw_edm.network import build_network
from secantfw_edm.options import EDMTeacherOptions
from secantfw_edm.preconditioning import Preconditioning, build_preconditioning, denoise
from secantfw_edm.tangent import official_names
from secantfw_edm.teacher import EDMTeacher
from torch import Tensor, nn

from secantfw import BuildSite, DataSpec, WeightsHeader, save_weights

from .golden import Golden

#: Official class -> name of the family.
FAMILIES = {"EDMPrecond": "edm", "VPPrecond": "vp", "VEPrecond": "ve", "iDDPMPrecond": "iddpm"}


#: Arguments of the data, and those that a `Design` has.
DATA = frozenset({"img_resolution", "img_channels", "label_dim"})
DESIGN = frozenset(field.name for kind in (Architecture, Design) for field in attrs.fields(kind))
#: Arguments of the official classes that have one value here: half precision is told to `forward`.
FIXED: dict[str, dict[str, Any]] = {
    "edm": {"use_fp16": False},
    "vp": {"use_fp16": False, "beta_d": 19.9, "beta_min": 0.1, "M": 1000, "epsilon_t": 1e-5},
    "ve": {"use_fp16": False},
    "iddpm": {"use_fp16": False, "C_1": 0.001, "C_2": 0.008, "M": 1000},
}


def ctor_of(golden: Golden, family: str) -> dict[str, Any]:
    """The constructor's arguments; a class default is not in the sidecar. One that has no meaning
    here is refused, not dropped."""
    said = dict(golden.sidecar["ctor"])
    for key, value in FIXED[family].items():
        given = said.pop(key, value)
        assert given == value, f"{golden.stem}: {key} is {given}, the only one known is {value}"
    unknown = said.keys() - DATA - DESIGN
    assert not unknown, f"{golden.stem}: arguments of no meaning: {sorted(unknown)}"
    said.setdefault("model_type", "DhariwalUNet" if family in ("edm", "iddpm") else "SongUNet")
    return {**said, "preconditioning": family}


def spec_of(golden: Golden) -> DataSpec:
    ctor = golden.sidecar["ctor"]
    side = ctor["img_resolution"]
    return DataSpec((ctor["img_channels"], side, side), ctor["label_dim"])


class Denoiser:
    """D(x; sigma) with official weights: a network and a family, float32 as the official one."""

    def __init__(
        self, golden: Golden, family: str, dtype: torch.dtype, weights: str = "state"
    ) -> None:
        design = Design.of(ctor_of(golden, family))
        self.family: Preconditioning = build_preconditioning(design)
        spec = spec_of(golden)
        channels = spec.shape[0] * self.family.output_channels
        attention = "explicit" if dtype == torch.float64 else "fused"
        network = build_network(design.architecture, spec, channels, attention=attention)
        stored = official_names({k: v.float() for k, v in golden.under(weights).items()})
        network.load_state_dict(stored)
        self.network: nn.Module = network.eval().to(dtype)
        self.classes = spec.num_classes

    def told(self, labels: Tensor | None, augment: Tensor | None = None) -> Told:
        """One-hot labels; none at all are one row of zeros."""
        if self.classes and labels is None:
            labels = torch.zeros(1, self.classes)
        return Told(labels=labels if self.classes else None, augment=augment)

    def __call__(self, x: Tensor, sigma: Tensor, told: Told) -> Tensor:
        scales = self.family.denoiser_scales(sigma.reshape(-1, 1, 1, 1))
        out = self.network(scales.input * x, self.family.c_noise(sigma.reshape(-1)), told)
        return denoise(self.family, x, sigma, out)


def teacher_of(golden: Golden, family: str, path: Any) -> EDMTeacher:
    """By way of a file as a user has it."""
    spec, said = spec_of(golden), Design.of(ctor_of(golden, family)).as_toml()
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "teacher.safetensors")
        save_weights(file, golden.under("state"), WeightsHeader(file, "edm:edm", said, spec))
        return EDMTeacher(EDMTeacherOptions(file), BuildSite(spec, path, WeightsHeader(file)))
