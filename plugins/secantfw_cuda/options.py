"""Options of the solvers. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option

Precision = Literal["fp32", "bf16"]
Kernel = Literal["auto", "torch", "triton"]
Backend = Literal["none", "inductor", "aot_eager", "eager"]
Spacing = Literal["uniform", "logit_normal"]

_PRECISION = "autocast dtype of the network's evaluations; the state keeps its own, float32"
_ROWS = "most samples evaluated at once; not set: by free memory on CUDA, all on the CPU"
_FULLGRAPH = "whether a network that cannot be compiled as one graph is an error"
_MEMORY = "share of the free memory that they may take where `rows` is not set"
_SPACING = "where the N steps end, as in `secant`"
_MEAN = "mean of ln(t / (1 - t)) under 'logit_normal'"
_STD = "standard deviation of ln(t / (1 - t)) under 'logit_normal'"


@attrs.frozen
class SecantGraphOptions:
    """Options of `secant_graph`."""

    graph: Literal["on", "auto", "off"] = option(
        "on", "'on' demands CUDA; 'auto' records where x is on CUDA; 'off' records nothing"
    )
    graphs: int = option(
        8, "recorded graphs that are kept, one for each shape; then the oldest goes", ge=1
    )
    compile: Backend = option("none", "torch.compile's backend for the step before it is recorded")
    fullgraph: bool = option(True, _FULLGRAPH)
    kernel: Kernel = option(
        "auto", "guidance and update by torch or in one Triton kernel; 'auto': by that on CUDA"
    )
    precision: Precision = option("fp32", _PRECISION)
    rows: int | None = option(None, _ROWS, ge=1)
    memory: float = option(0.8, _MEMORY, gt=0, le=1)
    spacing: Spacing = option("uniform", _SPACING)
    mean: float = option(0.0, _MEAN)
    std: float = option(1.0, _STD, gt=0)

    def __attrs_post_init__(self) -> None:
        if self.kernel == "triton" and self.compile != "none":
            raise ValueError(
                "kernel = 'triton' stands alone: a compiled step fuses its own update"
            )


@attrs.frozen
class SecantCompiledOptions:
    """Options of `secant_compiled`."""

    backend: Backend = option(
        "inductor", "torch.compile's backend; 'none': the same code, not compiled"
    )
    fullgraph: bool = option(True, _FULLGRAPH)
    precision: Precision = option("fp32", _PRECISION)
    rows: int | None = option(None, _ROWS, ge=1)
    memory: float = option(0.8, _MEMORY, gt=0, le=1)
    spacing: Spacing = option("uniform", _SPACING)
    mean: float = option(0.0, _MEAN)
    std: float = option(1.0, _STD, gt=0)
