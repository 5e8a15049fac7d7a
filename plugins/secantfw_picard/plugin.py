"""What this plug-in brings."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1

_PAPER = ("arXiv:2505.14502",)


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.loss(
        "sdei",
        "secantfw_picard.sdei:SDEI",
        options="secantfw_picard.options:SDEIOptions",
        summary="secant distillation, estimating the interior point; 3F 1B",
        cite=_PAPER,
    )
    register.loss(
        "stei",
        "secantfw_picard.stei:STEI",
        options="secantfw_picard.options:STEIOptions",
        summary="secant training, estimating the interior point; no teacher; 4F 2B",
        cite=_PAPER,
    )
    register.loss(
        "sdee",
        "secantfw_picard.sdee:SDEE",
        options="secantfw_picard.options:SDEEOptions",
        summary="secant distillation, estimating the end point; both directions; 3F 1B",
        cite=_PAPER,
    )
    register.loss(
        "stee",
        "secantfw_picard.stee:STEE",
        options="secantfw_picard.options:STEEOptions",
        summary="secant training, estimating the end point; both directions, no teacher; 2F 1B",
        cite=_PAPER,
    )
    register.loss(
        "tangent",
        "secantfw_picard.tangent:Tangent",
        options="secantfw_picard.options:TangentOptions",
        summary="diffusion / flow matching at s = t, which trains teachers; 1F 1B",
        cite=("arXiv:2210.02747", "arXiv:2209.03003"),
    )
