"""What this plug-in brings: the SiT transformer as backbone and as teacher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import secantfw


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.asset("fashion16/sit_teacher", "assets/fashion16_sit_teacher.safetensors")
    register.asset("baselines/fashion16_sit", "assets/fashion16_sit_baselines.json")
    register.backbone(
        "sit",
        "secantfw_sit.backbone:SiTBackbone",
        options="secantfw_sit.options:SiTOptions",
        summary="SiT transformer with two times, for images and latents",
        cite=("arXiv:2401.08740", "arXiv:2505.14502"),
        example={"size": "tiny/4"},
    )
    register.teacher(
        "sit",
        "secantfw_sit.teacher:SiTTeacher",
        options="secantfw_sit.options:SiTTeacherOptions",
        summary="pretrained SiT velocity, from a safetensors file",
        cite=("arXiv:2401.08740",),
        example={"weights": "asset:fashion16/sit_teacher"},
    )


@secantfw.hookimpl
def secantfw_weights_formats() -> Mapping[str, str]:
    return {
        "official": "secantfw_sit.formats.official:OfficialSiT",
        "diffusers": "secantfw_sit.formats.diffusers:DiffusersSiT",
    }
