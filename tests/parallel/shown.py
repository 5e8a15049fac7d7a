"""Jobs below one folder, and what they left: every job is a fork of this process (forks.py)."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import torch
import torch._dynamo
import torch.distributed.checkpoint
import torch.distributed.fsdp
from forks import Ended, Job, run
from training.small_experiment import TOML

from secantfw.cli.main import main

STEPS = 50
TESTS = Path(__file__).parents[1]
SLOW = """
import time
import secantfw

@secantfw.hookimpl
def secantfw_step_logged(run, step, scalars):
    time.sleep(0.05)
"""


class Shown:
    """The jobs below one folder, and what they left."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.toml = folder / "small.toml"
        steps = TOML.replace("steps = 12", f"steps = {STEPS}").replace(
            "samples = 128", "samples = 0"
        )
        self.toml.write_text(steps)
        (folder / "slow.py").write_text(SLOW)
        self.engines = ["by_hand"]
        if importlib.util.find_spec("accelerate"):
            self.engines.append("by_accelerate")

    def run(self, name: str, count: int, *overrides: str) -> list[Ended]:
        return run(self.new(name, overrides), self.folder / "logs" / name, count)

    def start(self, name: str, count: int, *overrides: str) -> Job:
        return Job(self.new(name, overrides), self.folder / "logs" / name, count).start()

    def resume(self, name: str, count: int, *overrides: str) -> list[Ended]:
        words = ["run", "--resume", str(self.directory(name)), *overrides]
        return run(lambda: main(words), self.folder / "logs" / f"{name}-resumed", count)

    def new(
        self, name: str, overrides: tuple[str, ...], file: Path | None = None
    ) -> Callable[[], int]:
        words = ["run", str(file or self.toml), "--out", str(self.folder / name), *overrides]
        return lambda: main(words)

    def directory(self, name: str) -> Path:
        (found,) = (self.folder / name).glob("*/*/resolved.toml")
        return found.parent

    def tensors(self, name: str) -> dict[str, torch.Tensor]:
        """Of the newest checkpoint: student, average, moments."""
        from secantfw.weights.stored import stored_tensors

        newest = sorted((self.directory(name) / "checkpoints").glob("step-*"))[-1]
        parts = ("student", "ema", "optimizer")
        return {f"{p}/{k}": v for p in parts for k, v in stored_tensors(newest / p).items()}

    def difference(self, a: str, b: str) -> float:
        """max |x - y| / max |x| over all tensors; infinite where the names differ."""
        x, y = self.tensors(a), self.tensors(b)
        if x.keys() != y.keys():
            return float("inf")
        return max(float((x[k] - y[k]).abs().max() / x[k].abs().max().clamp(min=1e-30)) for k in x)

    def same(self, a: str, b: str) -> bool:
        x, y = self.tensors(a), self.tensors(b)
        return x.keys() == y.keys() and all(torch.equal(x[k], y[k]) for k in x)


def codes(ended: list[Ended]) -> list[int]:
    return [one.code for one in ended]


def wait_for_line(shown: Shown, name: str, lines: int) -> None:
    """Until metrics.jsonl has so many."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        files = list((shown.folder / name).glob("*/*/metrics.jsonl"))
        if files and len(files[0].read_text().splitlines()) >= lines:
            return
        time.sleep(0.01)
