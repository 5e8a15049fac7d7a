"""A run that begins: planned, known to fit, and given its directory."""

from __future__ import annotations

from pathlib import Path

import attrs

from secantfw.discovery.bibliography import bibtex
from secantfw.discovery.records import Plugins
from secantfw.discovery.trust import trust_own
from secantfw.errors import ExperimentError
from secantfw.experiment.load import LoadedExperiment, resolved_toml
from secantfw.experiment.located import located
from secantfw.forecast.disk import disk_line
from secantfw.forecast.memory_check import memory_problems
from secantfw.forecast.plan import Plan, make_plan
from secantfw.parallel.group import ALONE, Group
from secantfw.runtime import run_directory
from secantfw.runtime.files import write_json, write_text
from secantfw.runtime.lock import RunLock
from secantfw.training.job import Job, prepare


def new_run(
    loaded: LoadedExperiment,
    plugins: Plugins,
    root: Path,
    group: Group = ALONE,
    *,
    force: bool = False,
) -> tuple[Job, Plan]:
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


def _make_directory(run: Job, plan: Plan, root: Path) -> None:
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


def planned(run: Job, place: Path, *, force: bool = False) -> Plan:
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


def _check_memory(run: Job, row_bytes: int) -> None:
    """
    Raises:
        ExperimentError: the processes' steps are known not to fit.
    """
    spared = run.update.engine.spared_bytes(run.built.student, run.built.loss)
    with run.group.together(), located(run.loaded):
        problems = memory_problems(run.built, run.plugins, row_bytes, run.group.processes, spared)
        if problems:
            raise ExperimentError(problems)
