"""A run of a quarter of a second that has everything that must survive: state in the time sampler,
a loss that draws from the global generators, label dropout, warm-up, lines between checkpoints.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
from fork_server import Child, Ended, forked, start

STEPS, SAVE_EVERY = 12, 3

TOML = f"""
schema = 1
title = "small"
seed = 3
local_plugins = ["noisy.py"]
[dataset]
use = "gaussian_mixture"
size = 200
held_out = 20
labels = true
[teacher]
use = "gaussian_mixture"
labels = true
[backbone]
use = "mlp"
width = 8
depth = 1
[guidance]
label_dropout = 0.2
[loss]
use = "noisy"
[time_sampler]
use = "counting"
[train]
steps = {STEPS}
batch_size = 16
learning_rate = 1e-2
warmup_steps = 3
schedule = "cosine"
clip_norm = 1.0
weight_decay = 0.01
log_every_steps = 4
save_every_steps = {SAVE_EVERY}
[ema]
decay = 0.9
[evaluate]
samples = 0
"""

PLUGIN = '''
"""Third-party code that draws from global generators, and a sampler that has a state."""

import random

import attrs
import numpy as np
import torch

import secantfw
from secantfw import LossTerms, SecantLoss, TimeSampler, TimesNeed, complete_times, mean_flat


@attrs.frozen
class Noisy(SecantLoss):
    requires = frozenset({"teacher"})

    def times_needed(self):
        return TimesNeed(draws=1)

    def __call__(self, ctx, batch, times):
        noise = torch.rand(()) + random.gauss(0, 0.1) + float(np.random.normal(0, 0.1))
        x_t = ctx.path.point(batch, times.t)
        f = ctx.student(x_t, times.t, times.s, batch.cond, grad=True)
        error = mean_flat((f - noise * ctx.teacher(x_t, times.t, batch.cond)).square())
        return LossTerms(error, {"noise": noise.detach()})


@attrs.define
class Counting(TimeSampler):
    calls: int = attrs.field(default=0, init=False)

    def sample(self, n, need, path, rng, progress):
        if n > 2:  # not the plan's
            self.calls += 1
        t = torch.rand(n, generator=rng).mul_(0.5).add_(0.5)
        return complete_times(t, t * (0.5 + 0.01 * (self.calls % 7)), need, path, rng)

    def state_dict(self):
        return {"calls": self.calls}

    def load_state_dict(self, state):
        self.calls = state["calls"]


@secantfw.hookimpl
def secantfw_components(register):
    register.loss("noisy", "noisy:Noisy", summary="noise")
    register.time_sampler("counting", "noisy:Counting", summary="counts")
'''


@attrs.frozen
class End:
    """What an interrupted run must share with the straight one: bytes of its last checkpoint,
    lines of its log."""

    files: tuple[str, ...]
    metrics: tuple[str, ...]


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: an fsync there costs nothing."""
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="secantfw-faults-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_experiment(folder: Path, text: str = TOML) -> Path:
    (folder / "noisy.py").write_text(PLUGIN)
    file = folder / "small.toml"
    file.write_text(text)
    return file


def secantfw(*arguments: object) -> int:
    """One command, in this process."""
    from secantfw.cli.main import main

    return main([str(a) for a in arguments])


def run_of(out: Path) -> Path:
    """The one run directory below `out`."""
    (found,) = out.glob("*/*/resolved.toml")
    return found.parent


def runs_in(out: Path) -> list[Path]:
    return [found.parent for found in out.glob("*/*/resolved.toml")]


def end_of(run: Path) -> End:
    newest = max((run / "checkpoints").glob("step-??????"))
    names = sorted(newest.glob("*.safetensors"))
    files = tuple(f"{f.name} {hashlib.sha256(f.read_bytes()).hexdigest()}" for f in names)
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    for record in records:
        record.pop("images_per_second")
    return End((newest.name, *files), tuple(json.dumps(r, sort_keys=True) for r in records))


def outcome_of(run: Path) -> dict[str, object] | None:
    file = run / "outcome.json"
    return json.loads(file.read_text()) if file.exists() else None


@attrs.define
class Bench:
    """A folder with the experiment, the straight run and how that ended."""

    folder: Path
    file: Path
    straight: Path
    end: End
    seconds: float
    _cases: int = 0

    def case(self) -> Path:
        """A fresh folder."""
        self._cases += 1
        folder = self.folder / f"case-{self._cases}"
        folder.mkdir()
        return folder

    def copy(self) -> Path:
        """A copy of the straight run."""
        run = self.case() / self.straight.name
        shutil.copytree(self.straight, run)
        return run

    def unfinished(self) -> Path:
        """A copy of the straight run, as if it had been stopped before its last step."""
        run = self.copy()
        (run / "outcome.json").unlink()
        shutil.rmtree(run / "checkpoints" / f"step-{STEPS:06d}")
        return run

    def run(self, out: Path, *keys: str, before: Callable[[], object] = lambda: None) -> Child:
        """Start the run in a fork; `before` is called there first."""

        def call() -> int:
            before()
            return secantfw("run", self.file, "--out", out, *keys)

        return start(call, out / "log.txt")

    def resume(self, run: Path, *words: str, before: Callable[[], object] = lambda: None) -> Ended:
        """Resume in a fork."""

        def call() -> int:
            before()
            return secantfw("run", "--resume", run, *words)

        return forked(call, run.parent / "resumed.txt")

    def identical(self, run: Path, *words: str) -> str | None:
        """Resume to the end; None if that is the straight run's, else what is different."""
        if (outcome_of(run) or {}).get("status") != "finished":
            ended = self.resume(run, *words)
            if ended.code:
                return f"resume ended with {ended.code}: {last_line(ended.said)}"
        end = end_of(run)
        if len({name.split()[-1] for name in end.files}) < len(end.files):
            return "two files of the checkpoint are the same: no average"
        if end.files != self.end.files:
            other = sorted(set(end.files) - set(self.end.files))
            return f"its end is not the straight run's: {[o.split()[0] for o in other]}"
        return None if end.metrics == self.end.metrics else "another metrics.jsonl"


def content_of(run: Path) -> dict[str, str]:
    files = [f for f in sorted(run.rglob("*")) if f.is_file()]
    return {str(f): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2][:300]


@contextmanager
def bench() -> Iterator[Bench]:
    """The straight run, in this process, so that every fork has all it imports."""
    import time

    import torch

    torch.set_num_threads(1)
    with scratch() as folder:
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        file = write_experiment(folder)
        secantfw("run", file, "--out", folder / "warm")
        log = folder / "straight.txt"
        began = time.perf_counter()
        ended = forked(lambda: secantfw("run", file, "--out", folder / "straight"), log)
        assert ended.code == 0, ended.said
        straight = run_of(folder / "straight")
        seconds = time.perf_counter() - began
        yield Bench(folder, file, straight, end_of(straight), seconds)
