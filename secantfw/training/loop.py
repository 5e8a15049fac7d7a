"""The training loop."""

from __future__ import annotations

import time
from typing import Protocol

import torch
from torch import Tensor

from secantfw.assembly.build import Built
from secantfw.interfaces.records import LossTerms
from secantfw.parallel.context import RunContext
from secantfw.runtime.signals import Stop
from secantfw.training.batches import BatchSource
from secantfw.training.update import Update


class StepObserver(Protocol):
    """What the loop tells of its steps: an `Observer`, or the stopwatch of a dry run."""

    clock: float

    def step_done(self, done: int, loss: Tensor, norm: Tensor, terms: LossTerms) -> None: ...

    def save(self, done: int, final: bool = True) -> None: ...


@torch.enable_grad()
def train(
    built: Built,
    source: BatchSource,
    ctx: RunContext,
    update: Update,
    observer: StepObserver,
    stop: Stop,
    first: int,
) -> int:
    """Train from step `first` to the end, or to a signal; returns the steps done."""
    steps, batch_size = built.experiment.train.steps, built.experiment.train.batch_size
    engine = update.engine
    stop = engine.agreed(stop, built.device)
    need, streams, path = built.loss.times_needed(), source.streams, built.path
    built.student.train()
    observer.clock = time.perf_counter()
    for step in range(first, steps):
        ctx.step = step
        batch = source.batch(step)
        rng = streams.at("times", step)
        times = built.time_sampler.sample(batch_size, need, path, rng, step / steps)
        if source.rows is not None:
            times = times.rows(source.rows)
        computed = engine.compute(batch, times)
        norm = update(step, computed.objective)
        observer.step_done(step + 1, computed.objective, norm, computed.terms)
        if stop.save_requested:
            stop.save_requested = False
            observer.save(step + 1, final=False)
        if stop.requested:
            observer.save(step + 1)
            return step + 1
    return steps
