"""P11: what an interval of logging reads, and how long a checkpoint holds the loop up."""

from __future__ import annotations

import itertools
import statistics
import sys
from pathlib import Path
from time import perf_counter

import torch
from fake_step import NeverStops
from null_experiment import prepare_null
from small_sit import Parts, experiment

from secantfw.interfaces.run import RunInfo
from secantfw.runtime.progress import Progress
from secantfw.runtime.randomness import Streams
from secantfw.training import checkpoint
from secantfw.training.generators import global_state
from secantfw.training.loop import train
from secantfw.training.observe import Observer

_READS = ("tolist", "item", "cpu", "numpy")
#: A SiT of 1.3 M parameters, as sit_picard.toml trains.
_TINY = ("backbone.width=128", "backbone.depth=4", "backbone.patch=2", "train.batch_size=128")


def reads_of_logging(folder: Path) -> int:
    """Reads of a tensor's values in 100 steps that are logged once."""
    run = prepare_null(folder, "train.steps=100", "train.log_every_steps=100")
    info, found = RunInfo(folder, "null", 100, 0, "cpu"), 0

    def profile(frame, event, function) -> None:
        nonlocal found
        own = event == "c_call" and isinstance(getattr(function, "__self__", None), torch.Tensor)
        # An index of the data order is on the CPU.
        found += own and function.__name__ in _READS

    with Progress(100, 0, "training") as progress:
        observer = Observer(
            run.built, run.update, info, run.plugins, progress, run.provenance, None,
            run.ctx.counts,
        )  # fmt: skip
        observer.save = lambda done, final=True: None
        sys.setprofile(profile)
        try:
            train(run.built, run.source, run.ctx, run.update, observer, NeverStops(), 0)
        finally:
            sys.setprofile(None)
    return found


def stall_in_steps(folder: Path) -> float:
    """Seconds of a checkpoint / seconds of a step of SDEI, of the medians."""
    loaded = experiment(folder, "sdei", False, "train.steps=6", *_TINY)
    cpu = torch.device("cpu")
    parts = Parts(loaded, cpu, Streams(0, cpu))
    seconds: list[float] = []

    class Clock:
        clock = 0.0

        def step_done(self, done, loss, norm, terms) -> None:
            seconds.append(perf_counter())

        def save(self, done, final=True) -> None: ...

    train(parts.built, parts.source, parts.ctx, parts.update, Clock(), NeverStops(), 0)
    steps = [b - a for a, b in itertools.pairwise(seconds)]
    saves = []
    for number in range(3):
        start = perf_counter()
        state = checkpoint.TrainState(number + 1, (), 0.0, "")
        checkpoint.save(
            folder / "checkpoints",
            parts.built.student,
            parts.update,
            parts.built.header(),
            state,
            global_state(),
        )
        saves.append(perf_counter() - start)
    return statistics.median(saves) / statistics.median(steps)
