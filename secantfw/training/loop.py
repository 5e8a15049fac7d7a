"""The training loop."""

from __future__ import annotations

import time

import torch

from secantfw.training.batches import BatchSource
from secantfw.training.build import Built
from secantfw.training.context import RunContext
from secantfw.training.observe import Observer
from secantfw.training.signals import StopRequest
from secantfw.training.update import Update


@torch.enable_grad()
def train(
    built: Built,
    source: BatchSource,
    ctx: RunContext,
    update: Update,
    observer: Observer,
    stop: StopRequest,
    first: int,
) -> int:
    """Train from step `first` to the end, or to a signal; returns the steps done."""
    steps, batch_size = built.experiment.train.steps, built.experiment.train.batch_size
    need, streams, path = built.loss.times_needed(), source.streams, built.path
    built.student.train()
    observer.clock = time.perf_counter()
    for step in range(first, steps):
        ctx.step = step
        batch = source.batch(step)
        rng = streams.at("times", step)
        times = built.time_sampler.sample(batch_size, need, path, rng, step / steps)
        terms = built.loss(ctx, batch, times)
        loss = terms.per_sample.mean()
        norm = update(step, loss)
        observer.step_done(step + 1, loss, norm, terms)
        if stop.save_requested:
            stop.save_requested = False
            observer.save(step + 1, final=False)
        if stop.requested:
            observer.save(step + 1)
            return step + 1
    return steps
