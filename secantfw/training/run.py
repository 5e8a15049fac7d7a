"""How a run starts: everything of it is built, planned, and given its directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import attrs
import torch

from secantfw.errors import ExperimentError, Problem, UserError
from secantfw.experiment.load import LoadedExperiment, resolved_toml
from secantfw.parallel.choose import engine_of
from secantfw.parallel.group import ALONE, Group
from secantfw.plugin.bibliography import bibtex
from secantfw.plugin.loader import Plugins
from secantfw.plugin.trust import trust_own
from secantfw.plugin.weights_formats import weights_formats
from secantfw.training import checkpoint, run_directory
from secantfw.training.batches import BatchSource
from secantfw.training.build import Built, build_experiment, device_of
from secantfw.training.check_built import check_built
from secantfw.training.compiled import compile_networks
from secantfw.training.context import RunContext
from secantfw.training.context_of import context_of
from secantfw.training.data_place import item_source
from secantfw.training.disk import disk_line
from secantfw.training.ema import Average
from secantfw.training.files import write_json, write_text
from secantfw.training.lock import RunLock
from secantfw.training.memory_check import memory_problems
from secantfw.training.plan import Plan, make_plan
from secantfw.training.provenance import Provenance, provenance_of
from secantfw.training.randomness import Streams
from secantfw.training.update import Update


@attrs.define
class Run:
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
) -> Run:
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
    if engine.sharded and e.train.compile != "none":
        what = f"{e.train.compile!r}, and 'fsdp' swaps weights under a graph; expected 'none'"
        raise ExperimentError([loaded.located(Problem(what, key="train.compile"))])
    compile_networks(built, average.network)
    ctx = context_of(built, average.network, streams)
    rows = group.processes.rows(batch_size) if group.size > 1 else None
    place = item_source(e.train, built.dataset, device)
    source = BatchSource(
        built.dataset, e.guidance, streams, e.seed, batch_size, rows, place, built.augmentation
    )
    engine.prepare(built.student, average.network, built.loss, ctx)
    if engine.sharded:
        average.hold(built.student, engine.local)
    update = Update(built.student, average, e.train, engine)
    with group.together(), located(loaded):
        provenance = provenance_of(loaded, plugins, device, built.dataset)
    return Run(loaded, plugins, built, source, ctx, update, Path(), provenance, group)


@contextmanager
def located(loaded: LoadedExperiment) -> Iterator[None]:
    """Give problems that know only their key its file and line."""
    try:
        yield
    except ExperimentError as error:
        raise ExperimentError(loaded.located(p) for p in error.problems) from error


def new_run(
    loaded: LoadedExperiment,
    plugins: Plugins,
    root: Path,
    group: Group = ALONE,
    *,
    force: bool = False,
) -> tuple[Run, Plan]:
    """Prepare a run and make its directory below `root`/NAME; the main process does, for all.

    With `force` it starts even where memory is too small.
    """
    run = prepare(loaded, plugins, group=group)
    plan = planned(run, root, force=force)
    with group.together():
        if group.is_main:
            _make_directory(run, plan, root)
    run.directory = group.from_main(run.directory)
    return run, plan


def _make_directory(run: Run, plan: Plan, root: Path) -> None:
    loaded, e = run.loaded, run.loaded.experiment
    run.directory = run_directory.create(
        root,
        e.name,
        loaded.digest,
        loaded.files,
        resolved_toml(loaded, origins=True),
        e.seed,
        run.built.device.type,
    )
    run.lock = RunLock(run.directory)
    for plugin in run.plugins.loaded:
        if plugin.code:
            trust_own(Path(plugin.distribution), plugin.code)
    write_json(run.directory / "plan.json", plan.as_json())
    references = bibtex(plan.cite, run.plugins.registry.bibliographies)
    write_text(run.directory / "references.bib", "\n\n".join(references) + "\n")


def planned(run: Run, place: Path, *, force: bool = False) -> Plan:
    """The plan of a run whose checkpoints go below `place`.

    Raises:
        UserError: a loss that fails, a student that does not start right, no room on the disk, or
            but for `force` in memory.
    """
    with run.group.together(), run.update.engine.whole():
        plan = make_plan(run.built, run.ctx, run.source)
        disk = disk_line(place, run.built.student, run.loaded.experiment.train)
    if not force:
        _check_memory(run, plan.row_bytes)
    return attrs.evolve(plan, disk=disk, processes=run.update.engine.said())


def _check_memory(run: Run, row_bytes: int) -> None:
    """
    Raises:
        ExperimentError: the processes' steps are known not to fit.
    """
    processes, sharded = run.group.processes, run.update.engine.sharded
    with run.group.together(), located(run.loaded):
        problems = memory_problems(run.built, run.plugins, row_bytes, processes, sharded=sharded)
        if problems:
            raise ExperimentError(problems)
