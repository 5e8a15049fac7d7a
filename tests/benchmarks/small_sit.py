"""Small experiments on labelled pictures, one for each loss, with guidance and without."""

from __future__ import annotations

from pathlib import Path

import torch

from secantfw.assembly.build import Built, build_experiment
from secantfw.assembly.choose_engine import engine_of
from secantfw.assembly.compiled import compile_networks
from secantfw.assembly.data_place import item_source
from secantfw.experiment.load import LoadedExperiment, load
from secantfw.load_plugins import load_plugins
from secantfw.parallel.context import RunContext
from secantfw.parallel.group import ALONE
from secantfw.runtime.randomness import Streams
from secantfw.training.batches import BatchSource
from secantfw.training.context_of import context_of
from secantfw.training.ema import Average
from secantfw.training.update import Update

LOSSES = ("sdei", "stei", "sdee", "stee")
TOML = """
schema = 1
title = "{loss}"
[dataset]
use = "fashion16"
[backbone]
use = "sit"
init = "scratch"
width = 32
depth = 2
heads = 2
patch = 4
[loss]
use = "{loss}"
[time_sampler]
use = "{times}"
{direction}
[guidance]
label_dropout = 0.1
{range}
[train]
steps = 100000
batch_size = 8
clip_norm = 1.0
data = "read"
log_every_steps = 100
[evaluate]
samples = 0
"""
TEACHER = """
[teacher]
use = "sit"
weights = "teacher.safetensors"  # is not there: random weights stand in
"""


def experiment(folder: Path, loss: str, guided: bool, *overrides: str) -> LoadedExperiment:
    """The experiment of `loss`, whose teacher has random weights."""
    both = loss in ("sdee", "stee")
    text = TOML.format(
        loss=loss,
        times="continuous" if both else "segments",
        direction='direction = "both"' if both else "",
        range="range = [1.0, 2.5]" if guided else "",
    )
    if loss in ("sdei", "sdee") or "loss.tangent='teacher'" in overrides:
        text += TEACHER
    file = folder / f"{loss}_{'guided' if guided else 'plain'}.toml"
    file.write_text(text)
    return load(file, list(overrides), load_plugins(), without_files=True)


class Parts:
    """What a training step is made of."""

    def __init__(self, loaded: LoadedExperiment, device: torch.device, streams: Streams) -> None:
        e = loaded.experiment
        self.streams = streams
        self.built: Built = build_experiment(e, device, without_files=True)
        self.average = Average(self.built.student, e.ema, e.train.batch_size)
        compile_networks(self.built, self.average.network)
        self.ctx: RunContext = context_of(self.built, self.average.network, streams)
        size, place = e.train.batch_size, item_source(e.train, self.built.dataset, device)
        self.source = BatchSource(
            self.built.dataset, e.guidance, streams, e.seed, size, items=place
        )
        engine = engine_of(e, ALONE)
        engine.prepare(self.built.student, self.average.network, self.built.loss, self.ctx)
        self.update = Update(self.built.student, self.average, e.train, engine)
