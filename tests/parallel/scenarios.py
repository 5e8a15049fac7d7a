"""What one launch shows: `python scenarios.py FOLDER`, with tests/ on the path.

It writes FOLDER/shown.json; torch.distributed is imported before the forks, once.

Every scenario is a job of forks of this process (see forks.py), a second or two each. `--kills N`
adds N runs with a process killed at random.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.util
import json
import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch._dynamo
import torch.distributed.checkpoint
import torch.distributed.fsdp
from forks import Ended, Job, run
from gradients import gradients_of_every_loss
from training.small_experiment import TOML

from secantfw.cli.main import main

STEPS = 50
#: Of a transformer whose blocks can be computed again in the backward.
SIT = """
schema = 1
[dataset]
use = "fashion16"
[backbone]
use = "sit"
patch = 4
width = 32
depth = 3
heads = 2
[loss]
use = "stee"
[time_sampler]
use = "segments"
segments = 2
direction = "both"
[train]
steps = 6
batch_size = 8
[evaluate]
samples = 0
"""
HANG_SECONDS = 2
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
        from secantfw.training.checkpoint import tensors_of

        newest = sorted((self.directory(name) / "checkpoints").glob("step-*"))[-1]
        parts = ("student", "ema", "optimizer")
        return {f"{p}/{k}": v for p in parts for k, v in tensors_of(newest, p).items()}

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


def agreement(shown: Shown) -> dict[str, Any]:
    """One process, two, two again, two pieces, every engine, uneven shares, compiled blocks."""
    fsdp, micro = 'parallel.strategy="fsdp"', "train.micro_batch_size=32"
    blocks = ("train.compile=blocks", "train.compile_backend=eager")
    ended = {
        "one": shown.run("one", 1),
        "two": shown.run("two", 2),
        "again": shown.run("again", 2),
        "pieces": shown.run("pieces", 1, micro),
        "fsdp": shown.run("fsdp", 2, fsdp),
        "fsdp_whole": shown.run("fsdp_whole", 2, fsdp, "parallel.shard=whole"),
        "fsdp_pieces": shown.run("fsdp_pieces", 2, fsdp, "train.micro_batch_size=16"),
        "compiled": shown.run("compiled", 2, *blocks),
        "three": shown.run("three", 3, "train.micro_batch_size=16"),
    }
    for engine in shown.engines:
        words = (f'local_plugins=["{TESTS / "parallel" / engine}.py"]', f"engine.use={engine}")
        ended[engine] = shown.run(engine, 2, *words)
    apart = ("two", "pieces", "three", "fsdp", "fsdp_pieces", *shown.engines)
    return {
        "codes": {name: codes(e) for name, e in ended.items()},
        "apart": {name: shown.difference("one", name) for name in apart},
        "again": shown.same("two", "again"),
        "shards": shown.same("fsdp", "fsdp_whole"),
        "compiled": shown.same("two", "compiled"),
        "silent": ended["two"][1].said,
        "lines": len((shown.directory("two") / "metrics.jsonl").read_text().splitlines()),
    }


def recomputation(shown: Shown) -> dict[str, Any]:
    """A network that keeps no activations, under both strategies, beside one that does."""
    file, codes_ = shown.folder / "sit.toml", []
    file.write_text(SIT)
    for name, strategy, again in (
        ("kept", "ddp", "false"),
        ("recomputed", "ddp", "true"),
        ("recomputed-fsdp", "fsdp", "true"),
    ):
        words = [f"parallel.strategy={strategy}", f"backbone.checkpoint_activations={again}"]
        call = shown.new(name, tuple(words), file)
        codes_ += codes(run(call, shown.folder / "logs" / name))
    return {
        "codes": codes_,
        "same": shown.same("kept", "recomputed"),
        "fsdp": shown.difference("kept", "recomputed-fsdp"),
    }


def half_precision(shown: Shown) -> dict[str, Any]:
    """fp16 on two processes: they take one scale, and shards take it up again."""
    fp16, fsdp = "train.precision=fp16", 'parallel.strategy="fsdp"'
    ended = [*shown.run("half", 2, fp16), *shown.run("half-fsdp", 2, fp16, fsdp)]
    ended += shown.run("half-stopped", 2, fp16, fsdp, "train.save_every_steps=40")
    directory = shown.directory("half-stopped")
    (directory / "outcome.json").unlink()
    shutil.rmtree(directory / "checkpoints" / f"step-{STEPS:06d}")
    ended += shown.resume("half-stopped", 2)
    return {
        "codes": codes(ended),
        "fsdp": shown.difference("half", "half-fsdp"),
        "same": shown.same("half-fsdp", "half-stopped"),
    }


def resumption(shown: Shown) -> dict[str, Any]:
    """A signal to one of two ends both at one step; shards go on with another number."""
    slow = (f'local_plugins=["{shown.folder / "slow.py"}"]', "train.log_every_steps=1")
    fsdp = 'parallel.strategy="fsdp"'
    found: dict[str, Any] = {}
    for name, strategy, number, counts in (
        ("ddp", (), signal.SIGTERM, (2,)),
        ("fsdp", (fsdp,), signal.SIGINT, (1,)),
    ):
        label = f"stopped-{name}"
        job = shown.start(label, 2, *strategy, *slow)
        wait_for_line(shown, label, 8)
        job.send(1, number)
        ended = job.wait()
        steps = [p.name for p in (shown.directory(label) / "checkpoints").glob("step-*")]
        resumed = shown.resume(label, counts[0])
        reference = "two" if name == "ddp" else "fsdp"
        found[name] = {
            "codes": codes(ended),
            "said": ended[0].said.splitlines()[-1:],
            "checkpoints": sorted(steps),
            "resumed": codes(resumed),
            "resumed_said": resumed[0].said[-400:],
            "same": shown.same(label, reference),
            "difference": shown.difference(label, reference),
        }
    return found


def wait_for_line(shown: Shown, name: str, lines: int) -> None:
    """Until metrics.jsonl has so many."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        files = list((shown.folder / name).glob("*/*/metrics.jsonl"))
        if files and len(files[0].read_text().splitlines()) >= lines:
            return
        time.sleep(0.01)


def kills(shown: Shown, count: int, seed: int) -> list[dict[str, Any]]:
    """kill -9 of a random process at a random moment after the first checkpoint."""
    chance, found = random.Random(seed), []
    slow = (f'local_plugins=["{shown.folder / "slow.py"}"]', "train.log_every_steps=1")
    for n in range(count):
        name, rank = f"killed-{seed}-{n}", chance.randrange(2)
        job = shown.start(name, 2, *slow)
        wait_for_line(shown, name, chance.randrange(5, STEPS - 8))
        time.sleep(chance.random() * 0.05)
        job.send(rank, signal.SIGKILL)
        began = time.monotonic()
        ended = job.wait()
        seconds = time.monotonic() - began
        resumed = shown.resume(name, 2)
        found.append(
            {
                "rank": rank,
                "killed": ended[rank].code,
                "survivor": ended[1 - rank].code,
                "said": ended[1 - rank].said.splitlines()[-1:],
                "seconds": round(seconds, 2),
                "resumed": codes(resumed),
                "same": shown.same(name, "two"),
            }
        )
    return found


def hang(shown: Shown) -> dict[str, Any]:
    """A process that is there and does not answer is taken for lost after a time-out."""
    slow = (f'local_plugins=["{shown.folder / "slow.py"}"]', "train.log_every_steps=1")
    call = shown.new("hung", slow)

    def impatient() -> int:
        from secantfw.parallel import group

        patient, seconds = group.joined, datetime.timedelta(seconds=HANG_SECONDS)
        group.joined = lambda processes: patient(processes, seconds)  # type: ignore[assignment]
        return call()

    job = Job(impatient, shown.folder / "logs" / "hung").start()
    wait_for_line(shown, "hung", 12)
    job.send(1, signal.SIGSTOP)
    began = time.monotonic()
    os.waitid(os.P_PID, job.pids[0], os.WEXITED | os.WNOWAIT)
    seconds = time.monotonic() - began
    job.send(1, signal.SIGKILL)
    ended = job.wait()
    resumed = shown.resume("hung", 2)
    return {
        "survivor": ended[0].code,
        "said": ended[0].said.splitlines()[-1:],
        "seconds": round(seconds, 2),
        "resumed": codes(resumed),
        "same": shown.same("hung", "two"),
    }


def failures(shown: Shown) -> dict[str, Any]:
    """A process that fails says why; a mistake of the user is said once."""
    bad = shown.run("bad", 2, 'parallel.strategy="none"')
    typo = shown.run("typo", 2, "train.stepz=3")

    def one_fails() -> int:
        if os.environ["RANK"] == "1":
            from secantfw.training import loop

            original = loop.Update.__call__

            def broken(self: Any, step: int, loss: Any) -> Any:
                if step == 7:
                    raise ZeroDivisionError("of process 1")
                return original(self, step, loss)

            loop.Update.__call__ = broken  # type: ignore[method-assign]
        return main(["run", str(shown.toml), "--out", str(shown.folder / "raises")])

    raises = run(one_fails, shown.folder / "logs" / "raises")
    return {
        "none": [(e.code, e.said) for e in bad],
        "typo": [(e.code, e.said) for e in typo],
        "raises": [(e.code, e.said[-600:]) for e in raises],
    }


def scenarios(folder: Path, count: int, seed: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    shown = Shown(folder)
    found: dict[str, Any] = {"agreement": agreement(shown)}
    found["recomputation"] = recomputation(shown)
    found["half"] = half_precision(shown)
    found["resumption"] = resumption(shown)
    found["hang"] = hang(shown)
    found["failures"] = failures(shown)
    found["kills"] = kills(shown, count, seed)
    found["gradients"] = gradients_of_every_loss(folder)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    shown = scenarios(asked.folder, asked.kills, asked.seed)
    (asked.folder / "shown.json").write_text(json.dumps(shown, indent=1))
    print(re.sub(r"\n\s+", " ", json.dumps(shown["kills"], indent=1)))
