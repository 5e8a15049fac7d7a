"""What this plug-in brings: EDM's networks as backbone and as teacher."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import secantfw

SECANTFW_API = 1

_EDM = ("arXiv:2206.00364",)


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.asset("fashion16/edm_teacher", "assets/fashion16_edm_teacher.safetensors")
    register.asset("baselines/fashion16_edm", "assets/fashion16_edm_baselines.json")
    register.backbone(
        "edm",
        "secantfw_edm.backbone:EDMBackbone",
        options="secantfw_edm.options:EDMOptions",
        known_as=("unet", "ddpm++", "ddpmpp", "ncsn++", "ncsnpp", "adm", "songunet"),
        summary="DDPM++, NCSN++ or ADM with two times, under EDM's preconditioning",
        cite=(*_EDM, "arXiv:2505.14502"),
        example={"preset": "tiny"},
    )
    register.teacher(
        "edm",
        "secantfw_edm.teacher:EDMTeacher",
        options="secantfw_edm.options:EDMTeacherOptions",
        summary="pretrained EDM denoiser as velocity on any path, from a safetensors file",
        cite=_EDM,
        example={"weights": "asset:fashion16/edm_teacher"},
    )
    register.loss(
        "denoising",
        "secantfw_edm.denoising:Denoising",
        options="secantfw_edm.options:DenoisingOptions",
        summary="EDM's, VP's and VE's weighted denoising loss, which trains teachers; 1F 1B",
        cite=(*_EDM, "arXiv:2011.13456"),
    )
    register.time_sampler(
        "noise_levels",
        "secantfw_edm.noise_levels:NoiseLevels",
        options="secantfw_edm.options:NoiseLevelsOptions",
        summary="s = t at noise levels under EDM's, VP's or VE's law",
        cite=(*_EDM, "arXiv:2011.13456"),
    )
    register.time_sampler(
        "rho_segments",
        "secantfw_edm.rho_segments:RhoSegments",
        options="secantfw_edm.options:RhoSegmentsOptions",
        summary="t on a grid of N segments between EDM's noise levels, s uniform within",
        cite=("arXiv:2505.14502", *_EDM),
    )
    register.augmentation(
        "edm",
        "secantfw_edm.augment.pipe:EDMAugmentation",
        options="secantfw_edm.options:AugmentOptions",
        summary="EDM's flips, scaling, rotation, stretching and shifts; 9 numbers tell how",
        cite=_EDM,
        example={"p": 0.5},
    )
    _solvers(register)


@secantfw.hookimpl
def secantfw_check(experiment: Any) -> Iterator[secantfw.Problem]:
    """Warn of a student that is trained on one grid of times and sampled on another."""
    from secantfw_edm.spacing_check import spacing_warnings  # options, which listings need not

    yield from spacing_warnings(experiment)


@secantfw.hookimpl
def secantfw_weights_formats() -> Mapping[str, str]:
    return {"official": "secantfw_edm.formats.official:OfficialEDM"}


def _solvers(register: Any) -> None:
    register.solver(
        "edm_heun",
        "secantfw_edm.solvers.heun:EDMHeun",
        options="secantfw_edm.options:EDMHeunOptions",
        summary="EDM's sampler, Heun over noise levels, with or without churn; 2N - 1 evaluations",
        cite=_EDM,
    )
    register.solver(
        "ablation",
        "secantfw_edm.solvers.ablation:Ablation",
        options="secantfw_edm.options:AblationOptions",
        summary="the samplers EDM compares: VP, VE, iDDPM and its own, by Euler or two stages",
        cite=_EDM,
    )
    register.solver(
        "rho_secant",
        "secantfw_edm.solvers.rho_secant:RhoSecant",
        options="secantfw_edm.options:RhoSecantOptions",
        summary="steps along the student's secants between EDM's noise levels",
        cite=("arXiv:2505.14502", *_EDM),
    )
