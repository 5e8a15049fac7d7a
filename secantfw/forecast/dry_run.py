"""A dry run: a few real optimisation steps of a recipe that is too large, or lacks its files.

What lacks its files is stood in for: random items of the right shape, a teacher with random
weights. Nothing is evaluated and nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import attrs
import torch

from secantfw.assembly.build import Built, build_experiment, device_of
from secantfw.assembly.choose_engine import engine_of
from secantfw.assembly.compiled import compile_networks
from secantfw.assembly.data_place import item_source
from secantfw.checking.check_built import check_built
from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, RunAborted, UserError
from secantfw.experiment.load import LoadedExperiment
from secantfw.experiment.located import located
from secantfw.forecast.cost import StepCost, step_cost
from secantfw.forecast.memory_need import cure, memory_need
from secantfw.forecast.plan import Plan, planned_components
from secantfw.forecast.speed import Stopwatch
from secantfw.parallel.group import ALONE
from secantfw.runtime.randomness import Streams
from secantfw.runtime.signals import StopRequest
from secantfw.sampling.precision import AUTOCAST
from secantfw.training.batches import BatchSource
from secantfw.training.context_of import context_of
from secantfw.training.ema import Average
from secantfw.training.loop import train
from secantfw.training.update import Update
from secantfw.weights.formats import weights_formats


def dry_run(
    loaded: LoadedExperiment, plugins: Plugins, steps: int, note: Callable[[str], None]
) -> list[str]:
    """Take `steps` steps; returns what they cost, a line a fact.

    Raises:
        ExperimentError: what `check` would say, missing files aside.
        UserError: the machine has less memory than the steps need.
        RunAborted: there was not enough all the same.
    """
    keys = attrs.evolve(loaded.experiment.evaluate.keys, samples=0)
    e = attrs.evolve(
        loaded.experiment,
        train=attrs.evolve(loaded.experiment.train, steps=steps),
        evaluate=attrs.evolve(loaded.experiment.evaluate, keys=keys),
    )
    device = device_of(e)
    note(f"dry run: {steps} steps; nothing is evaluated and no run directory is written")
    for problem in loaded.missing:
        note(f"stood in for: {problem}")
    make = partial(build_experiment, e, formats=partial(weights_formats, plugins))
    with located(loaded):
        planned = make(torch.device("meta"), without_files=True)
        problems = check_built(planned)
        if problems:
            raise ExperimentError(problems)
        cost = step_cost(planned)
        for line in _plan(planned, cost, device, bool(loaded.missing)).lines():
            note(line)
        need = memory_need(planned, cost)
        if need.lacking:
            raise UserError(f"dry run: {need}; {cure(e, need.rows)}")
        note(f"  {need}")
        try:
            return _steps(make(device, without_files=True), cost, note)
        except torch.OutOfMemoryError as error:
            raise RunAborted(
                f"dry run: out of memory on {device}; {cure(e, need.rows)}"
            ) from error


def _plan(planned: Built, cost: StepCost, device: torch.device, lacking: bool) -> Plan:
    e = planned.experiment
    return Plan(
        title=e.title,
        cite=(),
        components=planned_components(planned),
        evaluations_per_step=cost.evaluations,
        start="random weights" if lacking else "as in the run",
        weights="",
        device=device.type,
        steps=e.train.steps,
        batch_size=e.train.batch_size,
    )


def _steps(built: Built, cost: StepCost, note: Callable[[str], None]) -> list[str]:
    e = built.experiment
    streams, average = (
        Streams(e.seed, built.device),
        Average(built.student, e.ema, e.train.batch_size),
    )
    compile_networks(built, average.network)
    place = item_source(e.train, built.dataset, built.device)
    source = BatchSource(
        built.dataset,
        e.guidance,
        streams,
        e.seed,
        e.train.batch_size,
        items=place,
        augmentation=built.augmentation,
    )
    watch = Stopwatch(built.device, e.train.steps, note)
    ctx, engine = context_of(built, average.network, streams), engine_of(e, ALONE)
    engine.prepare(built.student, average.network, built.loss, ctx)
    update = Update(built.student, average, e.train, engine)
    with StopRequest() as stop:
        train(built, source, ctx, update, watch, stop, 0)
    if stop.requested:
        raise RunAborted(f"dry run: stopped after {len(watch.seconds)} steps")
    precision = AUTOCAST[e.train.precision] or torch.float32
    return watch.lines(e.train.batch_size, cost, precision)
