"""`python tests/benchmarks/measure_scaling.py`: images a second on 1 process and on 2.

For idle cores: one thread a process, the same global batch. What the second process costs is
counted too: the all-reduces of a step and their bytes, and measured: the seconds in them, waiting
for the other included. Two runs that know nothing of each other, at the same time, show what the
cores themselves take from each other.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

ROOT = Path(__file__).parents[2]
#: Where time goes depends on the network: one of some arithmetic, and one of next to none.
EXPERIMENTS = {
    "sit_picard": ("experiments/sit_picard.toml", "train.batch_size=128"),
    "gmm_picard": ("experiments/gmm_picard.toml", "train.batch_size=2048"),
}
_WARM = 5
_ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def measure(out: Path, file: str, words: list[str], steps: int) -> int:
    """In each process: train, timing each step and each all-reduce; rank 0 writes `out`."""
    from torch.autograd.profiler import profile

    from secantfw.experiment.load import load
    from secantfw.load_plugins import load_plugins
    from secantfw.parallel.group import joined
    from secantfw.parallel.processes import processes_of
    from secantfw.runtime.signals import StopRequest
    from secantfw.training.job import prepare

    torch.set_num_threads(1)
    plugins = load_plugins()
    words = [*words, "evaluate.samples=0", "train.device=cpu"]
    with joined(processes_of(os.environ)) as group:
        job = prepare(load(ROOT / file, words, plugins), plugins, group=group)
        step = _stepper(job)
        job.update.engine.agreed(StopRequest(), job.built.device)
        for number in range(_WARM):
            step(number)
        seconds = [_timed(step, number) for number in range(_WARM, steps)]
        with profile() as seen:
            for number in range(steps, steps + _WARM):
                step(number)
    if group.is_main:
        reduced = [e for e in seen.key_averages() if e.key == "gloo:all_reduce"]
        asked = sum(e.count for e in seen.key_averages() if e.key == "c10d::allreduce_")
        numbers = sum(p.numel() for p in job.built.student.parameters() if p.requires_grad)
        found = {
            "seconds": statistics.median(seconds),
            "rows": job.loaded.experiment.train.batch_size,
            "all_reduces": asked / _WARM,
            "all_reduce_seconds": sum(e.cpu_time_total for e in reduced) / 1e6 / _WARM,
            "megabytes": 4 * numbers / 1e6,
        }
        out.write_text(json.dumps(found))
    return 0


def _stepper(job):
    """One step of the loop, as `training.loop` takes it."""
    built, source, ctx, update = job.built, job.source, job.ctx, job.update
    need, size = built.loss.times_needed(), job.loaded.experiment.train.batch_size
    built.student.train()

    def step(number: int) -> None:
        ctx.step = number
        batch, rng = source.batch(number), source.streams.at("times", number)
        times = built.time_sampler.sample(size, need, built.path, rng, 0.0)
        if source.rows is not None:
            times = times.rows(source.rows)
        update(number, update.engine.compute(batch, times).objective)

    return step


def _timed(step, number: int) -> float:
    began = time.perf_counter()
    step(number)
    return time.perf_counter() - began


def launched(count: int, name: str, steps: int, folder: Path) -> dict[str, float]:
    """What `count` processes measured."""
    out = folder / f"{name}-{count}.json"
    words = [sys.executable, __file__, "--measure", str(out), name, "--steps", str(steps)]
    if count > 1:
        torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
        words = [sys.executable, *torchrun, *words[1:]]
    subprocess.run(words, env=_ENVIRONMENT, check=True)
    return json.loads(out.read_text())


def separate(name: str, steps: int, folder: Path) -> float:
    """Images a second of two runs together, each alone in a job of its own."""
    outs = [folder / f"{name}-alone-{i}.json" for i in range(2)]
    command = [sys.executable, __file__, name, "--steps", str(steps), "--measure"]
    runs = [subprocess.Popen([*command, str(out)], env=_ENVIRONMENT) for out in outs]
    if any(run.wait() for run in runs):
        raise SystemExit(f"{name}: a run failed")
    found = [json.loads(out.read_text()) for out in outs]
    return sum(one["rows"] / one["seconds"] for one in found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(EXPERIMENTS))
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--measure", type=Path)
    asked = parser.parse_args()
    if asked.measure:
        file, *words = EXPERIMENTS[asked.names[0]]
        measure(asked.measure, file, words, asked.steps)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.names:
            one, two = (launched(n, name, asked.steps, Path(folder)) for n in (1, 2))
            _show(name, one, two, separate(name, asked.steps, Path(folder)))


def _show(name: str, one: dict[str, float], two: dict[str, float], apart: float) -> None:
    speed = [found["rows"] / found["seconds"] for found in (one, two)]
    print(
        f"{name}: {speed[0]:.0f} images/s on 1 process, {speed[1]:.0f} on 2, efficiency "
        f"{speed[1] / speed[0] / 2:.2f}; {two['all_reduces']:g} all-reduce a step of "
        f"{two['megabytes']:.2f} MB, {two['all_reduce_seconds'] * 1e3:.2f} ms of the step's "
        f"{two['seconds'] * 1e3:.2f} ms (1 process: {one['seconds'] * 1e3:.2f} ms); two separate "
        f"runs at once {apart:.0f} images/s together, {apart / speed[0] / 2:.2f}"
    )


if __name__ == "__main__":
    main()
