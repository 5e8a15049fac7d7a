"""What this plug-in brings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import secantfw

SECANTFW_API = 1

_OPTIONS = "secantfw_cuda.options:"


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.solver(
        "secant_graph",
        "secantfw_cuda.secant_graph:SecantGraph",
        options=_OPTIONS + "SecantGraphOptions",
        summary="`secant` with all its steps in one CUDA graph; one evaluation a step",
        cite=("arXiv:2505.14502",),
        probe="secantfw_cuda.device:graph_unavailable",
        example={"graph": "off"},
    )
    register.solver(
        "secant_compiled",
        "secantfw_cuda.secant_compiled:SecantCompiled",
        options=_OPTIONS + "SecantCompiledOptions",
        summary="`secant` with a step compiled by torch.compile; one evaluation a step",
        cite=("arXiv:2505.14502",),
        example={"backend": "none"},
    )


@secantfw.hookimpl
def secantfw_doctor() -> Iterable[secantfw.Finding]:
    from secantfw_cuda.device import no_cuda

    reason = no_cuda()
    if reason:
        return [secantfw.Finding("note", f"cuda: {reason}: solver secant_graph cannot record")]
    return [secantfw.Finding("ok", "cuda: solver secant_graph can record")]
