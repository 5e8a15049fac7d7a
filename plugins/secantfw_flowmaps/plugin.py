"""What this plug-in brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import secantfw

SECANTFW_API = 1

_OPTIONS = "secantfw_flowmaps.options:"


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    _losses(register)
    _time_samplers(register)


@secantfw.hookimpl
def secantfw_check(experiment: Any) -> Iterator[secantfw.Problem]:
    """The loss takes tangents where the law's shortest steps are halved: one N for both."""
    loss, sampler = experiment.loss, experiment.time_sampler
    names = (loss.full_name, sampler.full_name)
    if names != ("flowmaps:shortcut", "flowmaps:dyadic"):
        return
    if loss.options.finest != sampler.options.finest:
        yield secantfw.Problem(
            f"finest is {sampler.options.finest} here and {loss.options.finest} in [loss]; "
            "half steps end at one N",
            key="time_sampler.finest",
        )


def _losses(register: Any) -> None:
    register.loss(
        "mean_flow",
        "secantfw_flowmaps.mean_flow:MeanFlow",
        options=_OPTIONS + "MeanFlowOptions",
        summary="the secant from its own derivative along the path; no teacher; 1F 1B",
        cite=("arXiv:2505.13447",),
    )
    register.loss(
        "shortcut",
        "secantfw_flowmaps.shortcut:Shortcut",
        options=_OPTIONS + "ShortcutOptions",
        summary="two half steps are the target of one step; no teacher; 3F 1B",
        cite=("arXiv:2410.12557",),
    )
    register.loss(
        "consistency_training",
        "secantfw_flowmaps.consistency_training:ConsistencyTraining",
        options=_OPTIONS + "ConsistencyTrainingOptions",
        summary="neighbours of equal noise have one end; no teacher; 2F 1B",
        cite=("arXiv:2303.01469", "arXiv:2310.14189", "arXiv:2406.14548"),
    )
    register.loss(
        "consistency_distillation",
        "secantfw_flowmaps.consistency_distillation:ConsistencyDistillation",
        options=_OPTIONS + "ConsistencyDistillationOptions",
        summary="neighbours on the teacher's trajectory have one end; 2F 1B and the solver",
        cite=("arXiv:2303.01469",),
    )
    register.loss(
        "lagrangian",
        "secantfw_flowmaps.lagrangian:Lagrangian",
        options=_OPTIONS + "LagrangianOptions",
        summary="flow-map distillation: the end of a secant moves as the teacher says; 2F 1B",
        cite=("arXiv:2406.07507",),
    )
    register.loss(
        "eulerian",
        "secantfw_flowmaps.eulerian:Eulerian",
        options=_OPTIONS + "EulerianOptions",
        summary="flow-map distillation: along the teacher's trajectory the end stays; 2F 1B",
        cite=("arXiv:2406.07507",),
    )


def _time_samplers(register: Any) -> None:
    register.time_sampler(
        "with_tangents",
        "secantfw_flowmaps.times.with_tangents:WithTangents",
        options=_OPTIONS + "WithTangentsOptions",
        summary="two times of one law, and a share of rows with s = t",
        cite=("arXiv:2505.13447",),
    )
    register.time_sampler(
        "dyadic",
        "secantfw_flowmaps.times.dyadic:Dyadic",
        options=_OPTIONS + "DyadicOptions",
        summary="steps of 1, 1/2, 1/4, ... on their grids, and a share of rows with s = t",
        cite=("arXiv:2410.12557",),
    )
    register.time_sampler(
        "to_data",
        "secantfw_flowmaps.times.to_data:ToData",
        options=_OPTIONS + "ToDataOptions",
        summary="s at the data, and a time next to t whose gap shrinks during the run",
        cite=("arXiv:2303.01469", "arXiv:2406.14548"),
    )
