"""The memory estimate of `check` beside what a run takes on the CPU.

    python -m tests.benchmarks.measure_memory            # a SiT and a UNet, a process each

Measured is how the resident set grows (Linux) at its peak over three training steps, before which
a tiny run loads the libraries. Estimate: `StepCost.bytes_on`.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
sys.path.insert(0, str(Path(__file__).parent))

import torch
from small_sit import Parts, experiment
from training_rows import KeepsValues, NeverStops

from secantfw.assembly.build import build_experiment
from secantfw.forecast.cost import StepCost, step_cost
from secantfw.runtime.randomness import Streams
from secantfw.training.loop import train

CPU = torch.device("cpu")
#: glibc then gives every larger block back when it is freed; else it keeps some, with holes.
_RETURNED = {"MALLOC_MMAP_THRESHOLD_": "131072"}
SIZES = {
    "sit": (
        "backbone.width=256", "backbone.depth=6", "backbone.heads=4", "backbone.patch=2",
        "train.batch_size=64",
    ),
    "unet": (
        "backbone={use='edm', init='scratch', model_type='SongUNet', model_channels=64, "
        "channel_mult=[1,2], num_blocks=2, attn_resolutions=[8]}",
        "train.batch_size=64",
    ),
}  # fmt: skip


def status(key: str) -> int:
    """`VmRSS` or `VmHWM` of this process, in bytes."""
    found = re.search(rf"{key}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return 1024 * int(found[1])


def take_steps(folder: Path, loss: str, overrides: tuple[str, ...]) -> Parts:
    loaded = experiment(folder, loss, False, "train.steps=3", *overrides)
    parts = Parts(loaded, CPU, Streams(0, CPU))
    train(parts.built, parts.source, parts.ctx, parts.update, KeepsValues(), NeverStops(), 0)
    return parts


def estimated(folder: Path, loss: str, overrides: tuple[str, ...]) -> StepCost:
    loaded = experiment(folder, loss, False, *overrides)
    meta = torch.device("meta")
    return step_cost(build_experiment(loaded.experiment, meta, without_files=True))


def line(name: str, loss: str) -> str:
    """`sit sdei: estimate, measured, ratio`."""
    tiny = tuple(o for o in SIZES[name] if not o.startswith(("train", "backbone.width")))
    tiny = tuple(o.replace("model_channels=64", "model_channels=8") for o in tiny)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        cost = estimated(folder, loss, SIZES[name])
        take_steps(folder, loss, (*tiny, "train.batch_size=8"))
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins again from here
        before = status("VmRSS")
        kept = take_steps(folder, loss, SIZES[name])
        grown = status("VmHWM") - before
        del kept
    tensors, needed = cost.bytes(), cost.bytes_on(CPU)
    return (
        f"{name} {loss}: tensors {tensors / 1e6:.0f} MB (weights and moments "
        f"{cost.weight_bytes / 1e6:.0f}), estimate {needed / 1e6:.0f} MB, measured "
        f"{grown / 1e6:.0f} MB; tensors / measured {tensors / grown:.3f}, "
        f"estimate / measured {needed / grown:.3f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs=2, metavar=("NETWORK", "LOSS"))
    only = parser.parse_args().only
    if only is not None:
        print(line(*only), flush=True)
        return
    for one in (("sit", "sdei"), ("sit", "stei"), ("unet", "stei"), ("unet", "stee")):
        command = [sys.executable, "-m", "tests.benchmarks.measure_memory"]
        for said, more in (("", {}), ("freed at once, ", _RETURNED)):
            print(said, end="", flush=True)
            subprocess.run([*command, "--only", *one], check=True, env={**os.environ, **more})


if __name__ == "__main__":
    main()
