"""P3, P4, P9 and P11: what a training step costs beyond the arithmetic of its loss."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from counting import difference, operations, python_calls, total
from fake_step import NeverStops, traffic
from figures import Figure
from handwritten import handwritten_loop
from null_experiment import prepare_null
from paired_time import paired
from small_sit import LOSSES, Parts, experiment
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from secantfw.runtime.randomness import Streams
from secantfw.training.loop import train

STEPS = 10
_ITEMS = 60000
#: A network whose first layers, which need no gradient of their input, are a small share of it.
_LARGER = ("backbone.width=128", "backbone.depth=4", "backbone.patch=2")
#: (forward of the student, of them with a graph, of the teacher), rows per sample.
PASSES = {
    ("sdei", False): (2, 1, 1),
    ("sdei", True): (2, 1, 2),
    ("stei", False): (4, 2, 0),
    ("stei", True): (5, 2, 0),
    ("sdee", False): (2, 1, 1),
    ("sdee", True): (2, 1, 2),
    ("stee", False): (2, 1, 0),
    ("stee", True): (2, 1, 0),
}


class KeepsValues:
    """An observer that keeps what a log would keep, as the hand-written loop does."""

    def __init__(self) -> None:
        self.kept, self.clock = [], 0.0

    def step_done(self, done, loss, norm, terms) -> None:
        self.kept.append((loss.detach(), norm))

    def save(self, done, final=True) -> None: ...


class Bare(nn.Module):
    """The null network without the framework."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(2))

    def forward(self, x, t, s):
        return x * self.scale


def framework(run, steps: int) -> None:
    """The last `steps` steps of a prepared run."""
    first = run.built.experiment.train.steps - steps
    train(run.built, run.source, run.ctx, run.update, KeepsValues(), NeverStops(), first)


def by_hand(run, steps: int):
    """The same loop without the framework, as a function."""
    data = run.built.dataset.items("train", torch.arange(_ITEMS)).x_0
    return lambda: handwritten_loop(
        Bare(),
        lambda x, t: -x,
        data,
        steps=steps,
        batch_size=32,
        segments=4,
        learning_rate=1e-4,
        clip_norm=1.0,
        decay=0.9999,
    )


def per_step(call, count) -> float:
    """What `count` says of a step, from calls of 20 and of 10 steps."""
    return (count(call(2 * STEPS)) - count(call(STEPS))) / STEPS


def p3() -> list[Figure]:
    """The framework beside a hand-written loop, on a network that is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        run = prepare_null(Path(folder), "train.steps=2000")
        framework(run, 3)

        def ours(steps):
            return lambda: framework(run, steps)

        def hand(steps):
            return by_hand(run, steps)

        added = difference(
            difference(operations(ours(20)), operations(ours(10))),
            difference(operations(hand(20)), operations(hand(10))),
        )
        calls = per_step(ours, python_calls) - per_step(hand, python_calls)
        same = paired(hand(100), hand(100), 40).difference / 100
        time = paired(hand(100), ours(100), 60)
        long = per_step_of_long_runs(run)
    return [
        Figure("P3", "training step: operations beyond a bare loop's", total(added), "", 0, "=="),
        Figure("P3", "training step: Python and C calls beyond it", calls, "", 100),
        Figure("P3", "training step: time beyond it", 1e4 * time.difference, "us", 60),
        Figure("P3", "the same, fastest of 60 runs of each", 1e4 * time.least, "us"),
        Figure("P3", "the bare loop against itself (A/A)", 1e6 * same, "us"),
        Figure("P3", "calls a step over 1,000 steps / over 10 steps", long, "x", 1.01),
    ]


def per_step_of_long_runs(run) -> float:
    """Growth: what a step costs late in a long run / early in a short one, in calls."""

    def calls(steps: int) -> int:
        return python_calls(lambda: framework(run, steps))

    return ((calls(1010) - calls(10)) / 1000) / ((calls(20) - calls(10)) / 10)


def p4() -> list[Figure]:
    """Network evaluations and FLOPs of a step against the formula, each loss x guidance."""
    worst = wrong = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for (loss, guided), expected in PASSES.items():
            counted, flops = evaluations(Path(folder), loss, guided)
            wrong += counted != expected
            worst = max(worst, abs(flops - 1))
    return [
        Figure("P4", "losses x guidance whose evaluations are not the formula's", wrong, "", 0),
        Figure("P4", "largest error of FLOPs against the formula", 100 * worst, "%", 1),
    ]


def evaluations(folder: Path, loss: str, guided: bool) -> tuple[tuple[float, ...], float]:
    """Passes per sample of one step, and its FLOPs / those of as many passes."""
    parts = Parts(experiment(folder, loss, guided, *_LARGER), torch.device("cpu"), _streams())
    batch, n = parts.source.batch(0), 8
    times = parts.built.time_sampler.sample(
        n, parts.built.loss.times_needed(), parts.built.path, parts.streams.at("times", 0), 0.0
    )
    forward = FlopCounterMode(display=False)
    with forward, torch.no_grad():
        parts.built.student(batch.x_0, times.t, times.s, batch.cond)
    step = FlopCounterMode(display=False)
    with step:
        parts.built.loss(parts.ctx, batch, times).per_sample.mean().backward()
    c = parts.ctx.counts
    counted = (c.forward / n, c.backward / n, c.teacher / n)
    passes = counted[0] + 2 * counted[1] + counted[2]
    return counted, step.get_total_flops() / (passes * forward.get_total_flops())


def p9() -> list[Figure]:
    """Host syncs and copies to the device in a steady step, the worst of losses x guidance."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for loss in LOSSES:
            for guided in (False, True):
                found += traffic(Path(folder), loss, guided)
    return [
        Figure("P9", "training step: host syncs, four losses x guidance",
               max(len(t.syncs) for t in found), "", 0),
        Figure("P9", "training step: copies to the device",
               max(len(t.to_device) for t in found), "", 1),
    ]  # fmt: skip


def p11() -> list[Figure]:
    """What logging reads, and how long a checkpoint holds the loop up."""
    from checkpoint_stall import reads_of_logging, stall_in_steps

    with tempfile.TemporaryDirectory() as folder:
        read = reads_of_logging(Path(folder))
        stall = stall_in_steps(Path(folder))
    return [
        Figure("P11", "values read from the device per 100 steps, logging every 100", read, "", 1),
        Figure("P11", "a checkpoint of a tiny SiT holds the loop up", stall, "steps", 1.0),
    ]


def _streams() -> Streams:
    return Streams(0, torch.device("cpu"))
