"""How fast and how large real steps were, and what of the device's arithmetic they used."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor

from secantfw.forecast.cost import StepCost
from secantfw.interfaces.records import LossTerms
from secantfw.runtime.devices import synchronise
from secantfw.runtime.memory import peak_bytes

_SIDE = 8192  # of the matrices whose product is taken for the device's best
_REPEATS = 20


class Stopwatch:
    """Watches the loop of a dry run in an observer's place: a line a step, and nothing kept."""

    def __init__(self, device: torch.device, steps: int, note: Callable[[str], None]) -> None:
        self.clock = 0.0  # set by the loop when it starts
        self.seconds: list[float] = []
        self._device, self._steps, self._note = device, steps, note

    def step_done(self, done: int, loss: Tensor, norm: Tensor, terms: LossTerms) -> None:
        value, size = float(loss.detach()), float(norm)  # waits for the device
        now = time.perf_counter()
        self.seconds.append(now - self.clock)
        self.clock = now
        self._note(
            f"dry step {done} of {self._steps}: loss {value:.4g}, gradient norm {size:.4g}, "
            f"{self.seconds[-1]:.2f} s"
        )

    def save(self, done: int, final: bool = True) -> None:
        """A dry run keeps nothing."""

    def lines(self, batch_size: int, cost: StepCost, precision: torch.dtype) -> list[str]:
        """Images a second, arithmetic and memory; the first step, which warms up, left out."""
        timed = self.seconds[1:] or self.seconds
        mean = sum(timed) / len(timed)
        rate = cost.flops / mean
        said = [
            f"{batch_size / mean:.4g} images/s, {cost.flops / 1e12:.3g} TFLOP a step, "
            f"{rate / 1e12:.3g} TFLOP/s"
        ]
        if self._device.type != "cpu":
            best = matmul_rate(self._device, precision)
            said.append(
                f"MFU {100 * rate / best:.1f} % of the {best / 1e12:.0f} TFLOP/s of a {_SIDE} "
                f"square {str(precision).removeprefix('torch.')} product here"
            )
        said.append(f"peak memory {peak_bytes(self._device) / 1e9:.2f} GB")
        return said


def matmul_rate(device: torch.device, dtype: torch.dtype) -> float:
    """FLOP/s of a large matrix product on an accelerator: what arithmetic can reach there."""
    a, b = (torch.randn((_SIDE, _SIDE), device=device, dtype=dtype) for _ in range(2))
    for _ in range(3):
        a @ b
    synchronise(device)
    start = time.perf_counter()
    for _ in range(_REPEATS):
        a @ b
    synchronise(device)
    return 2 * _SIDE**3 * _REPEATS / (time.perf_counter() - start)
