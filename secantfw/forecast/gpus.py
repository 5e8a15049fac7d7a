"""GPUs as their makers' data sheets describe them, to plan for machines that are not at hand."""

from __future__ import annotations

from collections.abc import Mapping

import attrs


@attrs.frozen
class Gpu:
    """Memory in bytes, and dense FLOP/s of matrix products: 16 bits on tensor cores, 32 off."""

    memory: float
    half: float
    fp32: float
    bf16: bool = True  # whether the 16 bits may be bf16's

    def peak(self, precision: str) -> float:
        """0 for what it does not compute."""
        if precision == "fp32":
            return self.fp32
        return self.half if precision == "fp16" or self.bf16 else 0.0


#: By the name that `--gpu` takes. SXM where there are two.
GPUS: Mapping[str, Gpu] = {
    "h200": Gpu(141e9, 989e12, 67e12),
    "h100": Gpu(80e9, 989e12, 67e12),
    "a100-80": Gpu(80e9, 312e12, 19.5e12),
    "a100-40": Gpu(40e9, 312e12, 19.5e12),
    "l40s": Gpu(48e9, 362e12, 91.6e12),
    "rtx4090": Gpu(24e9, 165e12, 82.6e12),
    "v100": Gpu(32e9, 125e12, 15.7e12, bf16=False),
}
