"""Options of the solvers. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import GridOptions, option

Precision = Literal["fp32", "bf16"]
Kernel = Literal["auto", "torch", "triton"]
Backend = Literal["none", "inductor", "aot_eager", "eager"]

_PRECISION = "autocast dtype of the network's evaluations; the state keeps its own, float32"
_ROWS = "most samples evaluated at once; not set: by free memory on CUDA, all on the CPU"
_FULLGRAPH = "whether a network that cannot be compiled as one graph is an error"
_MEMORY = "share of the free memory that they may take where `rows` is not set"


@attrs.frozen
class SecantGraphOptions(GridOptions):
    """Options of `secant_graph`; steps are spaced as those of `secant`."""

    graph: Literal["on", "auto", "off"] = option(
        "on", "'on' demands CUDA; 'auto' records where x is on CUDA; 'off' records nothing"
    )
    graphs: int = option(
        8,
        "recorded graphs that are kept, one for each shape; then the oldest goes",
        ge=1,
        limit=10_000,
    )
    compile: Backend = option("none", "torch.compile's backend for the step before it is recorded")
    fullgraph: bool = option(True, _FULLGRAPH)
    kernel: Kernel = option(
        "auto", "guidance and update by torch or in one Triton kernel; 'auto': by that on CUDA"
    )
    precision: Precision = option("fp32", _PRECISION)
    rows: int | None = option(None, _ROWS, ge=1, limit=10_000_000)
    memory: float = option(0.8, _MEMORY, gt=0, le=1)

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        if self.kernel == "triton" and self.compile != "none":
            raise ValueError(
                "kernel = 'triton' stands alone: a compiled step fuses its own update"
            )


@attrs.frozen
class SecantCompiledOptions(GridOptions):
    """Options of `secant_compiled`; steps are spaced as those of `secant`."""

    backend: Backend = option(
        "inductor", "torch.compile's backend; 'none': the same code, not compiled"
    )
    fullgraph: bool = option(True, _FULLGRAPH)
    precision: Precision = option("fp32", _PRECISION)
    rows: int | None = option(None, _ROWS, ge=1, limit=10_000_000)
    memory: float = option(0.8, _MEMORY, gt=0, le=1)
