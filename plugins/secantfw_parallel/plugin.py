"""What this plug-in brings: how the gradient of a global batch comes about."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.engine(
        "single",
        "secantfw_parallel.single:SingleEngine",
        options="secantfw_parallel.options:NoOptions",
        summary="one process, which has all rows of a batch",
    )
    register.engine(
        "ddp",
        "secantfw_parallel.ddp:DdpEngine",
        options="secantfw_parallel.options:NoOptions",
        summary="each process holds all; one all-reduce averages the gradients",
        cite=("arXiv:2006.15704",),
    )
    register.engine(
        "fsdp",
        "secantfw_parallel.fsdp:FsdpEngine",
        options="secantfw_parallel.options:FsdpOptions",
        summary="student, average and moments are shared out over the processes",
        cite=("arXiv:2304.11277",),
    )
