"""How a run starts: everything of it is built, and nothing is written yet."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import attrs
import torch

from secantfw.assembly.build import Built, build_experiment, device_of
from secantfw.assembly.choose_engine import engine_chosen, engine_of
from secantfw.assembly.compiled import compile_networks
from secantfw.assembly.data_place import item_source
from secantfw.checking.check_built import check_built
from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.load import LoadedExperiment
from secantfw.experiment.located import located
from secantfw.parallel.context import RunContext
from secantfw.parallel.group import ALONE, Group
from secantfw.runtime.lock import RunLock
from secantfw.runtime.randomness import Streams
from secantfw.training import checkpoint
from secantfw.training.batches import BatchSource
from secantfw.training.context_of import context_of
from secantfw.training.ema import Average
from secantfw.training.provenance import Provenance, provenance_of
from secantfw.training.update import Update
from secantfw.weights.formats import weights_formats


@attrs.define
class Job:
    """Everything of one run that is alive between its stages."""

    loaded: LoadedExperiment
    plugins: Plugins
    built: Built
    source: BatchSource
    ctx: RunContext
    update: Update
    directory: Path
    provenance: Provenance
    group: Group = ALONE
    state: checkpoint.TrainState | None = None
    checkpoint: Path | None = None  # where `state` is from
    lock: RunLock | None = None

    @property
    def average(self) -> Average:
        return self.update.average


def prepare(
    loaded: LoadedExperiment,
    plugins: Plugins,
    device: torch.device | None = None,
    group: Group = ALONE,
) -> Job:
    """Build all of an experiment, with nothing written yet.

    Raises:
        UserError: anything about the experiment that cannot work.
    """
    e = loaded.experiment
    with group.together(), located(loaded):
        device = device_of(e) if device is None else device
        engine = engine_of(e, group)
        built = build_experiment(e, device, partial(weights_formats, plugins))
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
        if not built.dataset.size("train"):
            raise UserError(f"{e.dataset.full_name}: its training split is empty")
    streams, batch_size = Streams(e.seed, device), e.train.batch_size
    average = Average(built.student, e.ema, batch_size)
    if not engine.compiles and e.train.compile != "none":
        name = engine_chosen(e, group).full_name
        what = f"{e.train.compile!r}, and {name} swaps weights under a graph; expected 'none'"
        raise ExperimentError([loaded.located(Problem(what, key="train.compile"))])
    compile_networks(built, average.network)
    ctx = context_of(built, average.network, streams)
    rows = group.processes.rows(batch_size) if group.size > 1 else None
    place = item_source(e.train, built.dataset, device)
    source = BatchSource(
        built.dataset, e.guidance, streams, e.seed, batch_size, rows, place, built.augmentation
    )
    engine.prepare(built.student, average.network, built.loss, ctx)
    average.hold(built.student, engine.local)
    update = Update(built.student, average, e.train, engine)
    with group.together(), located(loaded):
        provenance = provenance_of(loaded, plugins, device, built.dataset)
    return Job(loaded, plugins, built, source, ctx, update, Path(), provenance, group)
