"""GPUs as their makers' data sheets describe them, to plan for machines that are not at hand."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Gpu:
    """Memory in bytes, and dense FLOP/s of matrix products: bf16 on tensor cores, float32 off."""

    memory: float
    bf16: float
    fp32: float

    def peak(self, precision: str) -> float:
        return self.bf16 if precision == "bf16" else self.fp32


#: By the name that `--gpu` takes. SXM where there are two.
GPUS: Mapping[str, Gpu] = {
    "h200": Gpu(141e9, 989e12, 67e12),
    "h100": Gpu(80e9, 989e12, 67e12),
    "a100-80": Gpu(80e9, 312e12, 19.5e12),
    "a100-40": Gpu(40e9, 312e12, 19.5e12),
    "l40s": Gpu(48e9, 362e12, 91.6e12),
    "rtx4090": Gpu(24e9, 165e12, 82.6e12),
    "v100": Gpu(32e9, 0.0, 15.7e12),  # it computes no bf16
}
