"""The device, the recipes that are measured on it, and how time is taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import attrs
import torch

from secantfw.assembly.build import Built, build_experiment
from secantfw.experiment.load import load
from secantfw.forecast.speed import matmul_rate
from secantfw.load_plugins import load_plugins

PAPER = Path(__file__).parents[3] / "experiments" / "paper"
_SIT = "sit_xl2_imagenet256_{loss}_4step.toml"
_EDM = "edm_cifar10_cond_{loss}_4step.toml"
_SIT_TINY = ("dataset.shape=[4,8,8]", "backbone.size='tiny/2'", "backbone.depth=1")

#: name: recipe, what is changed in it, and the same in a rehearsal
MODELS = {
    "tiny SiT": (_SIT, ("backbone.size='tiny/2'",), _SIT_TINY),
    "SiT-B/2": (_SIT, ("backbone.size='B/2'",), _SIT_TINY),
    "SiT-XL/2": (_SIT, (), _SIT_TINY),
    "EDM CIFAR-10": (_EDM, (), ("backbone.preset='tiny'",)),
}


@attrs.define(eq=False, slots=False)
class Session:
    """`tiny`: a rehearsal, whose figures mean nothing."""

    device: torch.device
    tiny: bool

    @cached_property
    def plugins(self):
        return load_plugins()

    @cached_property
    def ceiling(self) -> float:
        """FLOP/s in bf16 of a large product on this device; of nothing in a rehearsal."""
        return 1e12 if self.tiny else matmul_rate(self.device, torch.bfloat16)

    def built(
        self, model: str, *overrides: str, loss: str = "sdei", device: torch.device | None = None
    ) -> Built:
        """The recipe with random weights and made-up data."""
        recipe, full, tiny = MODELS[model]
        changed = [*(tiny if self.tiny else full), "evaluate.samples=0", *overrides]
        file = PAPER / recipe.format(loss=loss)
        experiment = load(file, changed, self.plugins, without_files=True).experiment
        return build_experiment(experiment, device or self.device, without_files=True)

    def batch(self, rows: int) -> int:
        return min(rows, 2) if self.tiny else rows

    def repeats(self, number: int) -> int:
        return min(number, 2) if self.tiny else number

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def free(self) -> None:
        """Give the memory of what was measured back, and start the peak anew."""
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()

    def peak(self) -> int:
        return torch.cuda.max_memory_allocated() if self.device.type == "cuda" else 0

    def milliseconds(self, call: Callable[[], object], repeats: int = 20, warm: int = 3) -> float:
        """Median of single calls, each waited for."""
        for _ in range(self.repeats(warm)):
            call()
        found = []
        for _ in range(self.repeats(repeats)):
            self.wait()
            start = time.perf_counter()
            call()
            self.wait()
            found.append(1e3 * (time.perf_counter() - start))
        return statistics.median(found)
