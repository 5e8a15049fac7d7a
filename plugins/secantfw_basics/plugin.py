"""What this plug-in brings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import secantfw

SECANTFW_API = 1

_OPTIONS = "secantfw_basics.options:"
_GRID = _OPTIONS + "GridOptions"


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    _paths(register)
    _time_samplers(register)
    _solvers(register)
    register.backbone(
        "mlp",
        "secantfw_basics.mlp.backbone:MLPBackbone",
        options=_OPTIONS + "MLPOptions",
        summary="residual MLP with two times, for vectors",
    )


@secantfw.hookimpl
def secantfw_check(experiment: Any) -> Iterator[secantfw.Problem]:
    """Warn of a student that is trained on one grid of times and sampled on another."""
    from secantfw_basics.spacing_check import spacing_warnings  # options, which listings need not

    yield from spacing_warnings(experiment)


def _paths(register: Any) -> None:
    register.path(
        "linear",
        "secantfw_basics.paths.linear:Linear",
        options=_OPTIONS + "PathOptions",
        summary="straight lines: alpha = 1 - t, sigma = t",
        cite=("arXiv:2209.03003", "arXiv:2210.02747"),
    )
    register.path(
        "trigonometric",
        "secantfw_basics.paths.trigonometric:Trigonometric",
        options=_OPTIONS + "PathOptions",
        summary="quarter circle, variance preserving (GVP): alpha = cos(pi t / 2)",
        cite=("arXiv:2303.08797", "arXiv:2401.08740"),
    )
    register.path(
        "vp",
        "secantfw_basics.paths.vp:VP",
        options=_OPTIONS + "VPOptions",
        summary="the variance-preserving diffusion with linear beta from 0.1 to 20",
        cite=("arXiv:2011.13456",),
    )


def _time_samplers(register: Any) -> None:
    register.time_sampler(
        "segments",
        "secantfw_basics.times.segments:Segments",
        options=_OPTIONS + "SegmentsOptions",
        summary="t on a grid of N segments, s uniform within t's segment",
        cite=("arXiv:2505.14502",),
    )
    register.time_sampler(
        "continuous",
        "secantfw_basics.times.continuous:Continuous",
        options=_OPTIONS + "ContinuousOptions",
        summary="an interval of length U/N placed uniformly",
        cite=("arXiv:2505.14502",),
    )
    register.time_sampler(
        "floor_grid",
        "secantfw_basics.times.floor_grid:FloorGrid",
        options=_OPTIONS + "FloorGridOptions",
        summary="as continuous, then t moved up to a grid: the released code's law for sdei",
        cite=("arXiv:2505.14502",),
    )
    register.time_sampler(
        "equal",
        "secantfw_basics.times.equal:Equal",
        options=_OPTIONS + "EqualOptions",
        summary="s = t, uniform or logit-normal: for tangents, as in diffusion training",
        cite=("arXiv:2403.03206",),
    )


def _solvers(register: Any) -> None:
    register.solver(
        "secant",
        "secantfw_basics.solvers.secant:SecantSteps",
        options=_GRID,
        summary="steps along the student's secants; one evaluation a step",
        cite=("arXiv:2505.14502",),
    )
    register.solver(
        "euler",
        "secantfw_basics.solvers.euler:Euler",
        options=_GRID,
        summary="Euler's method, order 1; one evaluation a step",
    )
    register.solver(
        "heun",
        "secantfw_basics.solvers.heun:Heun",
        options=_OPTIONS + "HeunOptions",
        summary="Heun's method, order 2; two evaluations a step, one in the last",
        cite=("arXiv:2206.00364",),
    )
    register.solver(
        "midpoint",
        "secantfw_basics.solvers.midpoint:Midpoint",
        options=_GRID,
        summary="the midpoint rule, order 2; two evaluations a step",
        cite=("doi:10.1007/BF01446807",),
    )
