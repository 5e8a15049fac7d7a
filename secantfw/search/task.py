"""The whole task of `secantfw baselines`: search each NFE, then the ceiling, into one file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch

from secantfw.assembly.build import Built, build_experiment, device_of
from secantfw.assembly.compiled import compile_networks
from secantfw.baselines.file import read_baselines, write_baselines
from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.baselines.records import (
    Baselines,
    Candidate,
    Finalist,
    SearchSettings,
    TeacherIdentity,
)
from secantfw.checking.check_built import check_built
from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, UserError
from secantfw.evaluation.baseline_rows import protocol_text
from secantfw.experiment.baseline_files import FOLDER
from secantfw.experiment.load import load
from secantfw.experiment.located import located
from secantfw.experiment.schema import SEARCH_SEED
from secantfw.interfaces.metric import Metric
from secantfw.runtime.lock import RunLock
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.search.candidates import own_guidances
from secantfw.search.ceiling import CeilingPlan, ceilings
from secantfw.search.choices import solver_choices
from secantfw.search.journal import Journal
from secantfw.search.measure import Measurer
from secantfw.search.search import Search, objectives
from secantfw.version import __version__
from secantfw.weights.formats import weights_formats


@attrs.frozen
class Asked:
    """What the command line asks for; empty or None: the default."""

    file: Path
    overrides: tuple[str, ...]
    out: Path | None
    nfe: tuple[int, ...]
    rungs: tuple[int, ...]
    ceiling_calls: tuple[int, ...]
    ceiling_samples: tuple[int, ...]


@attrs.frozen
class Done:
    """The file, and what is in it."""

    file: Path
    baselines: Baselines


def find_and_write(asked: Asked, plugins: Plugins, note: Callable[[str], None]) -> Done:
    """Search, and write the file after each NFE; what an interrupted search measured is kept in
    a folder beside it.

    Raises:
        UserError: an experiment without a teacher or a metric of samples; a file of another
            teacher in the way; another search at work there.
    """
    built = _built(asked, plugins)
    metrics = _metrics(built, asked)
    teacher = teacher_fingerprint(built)
    file = asked.out or Path(FOLDER) / f"{teacher.short}.json"
    baselines = _begun(file, teacher, built, metrics, asked, plugins)
    folder = file.with_name(f".{file.stem}.search")
    folder.mkdir(parents=True, exist_ok=True)
    lock = RunLock(folder)
    try:
        measurer = _measurer(folder, built, baselines, metrics)
        return Done(file, _search(asked, plugins, measurer, metrics, baselines, file, note))
    finally:
        lock.release()


def _built(asked: Asked, plugins: Plugins) -> Built:
    loaded = load(asked.file, asked.overrides, plugins)
    with located(loaded):
        e = loaded.experiment
        built = build_experiment(e, device_of(e), partial(weights_formats, plugins))
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
    if built.teacher is None:
        raise UserError(f"baselines: {asked.file} has no [teacher] to search for")
    compile_networks(built)
    return built


def _metrics(built: Built, asked: Asked) -> tuple[Metric, ...]:
    found = tuple(metric for metric in built.metrics if isinstance(metric, Metric))
    if not found:
        raise UserError(f"baselines: {asked.file} has no metric of samples to be the best in")
    wanted = {objective.metric for objective in objectives(found, [RowGuidance()])}
    least = max(metric.least_samples for metric in wanted)
    if asked.rungs[0] < least:
        raise UserError(
            f"baselines: --rungs: a metric needs {least:,} samples, got {asked.rungs[0]}"
        )
    return found


def _begun(
    file: Path,
    teacher: TeacherIdentity,
    built: Built,
    metrics: tuple[Metric, ...],
    asked: Asked,
    plugins: Plugins,
) -> Baselines:
    """The baselines before the search: the other NFE of the file that is there.

    Raises:
        UserError: it is no baselines file, or of another teacher.
    """
    settings = SearchSettings(
        __version__,
        torch.__version__,
        built.device.type,
        SEARCH_SEED,
        built.experiment.evaluate.keys.compute_batch,
        asked.rungs,
        own_guidances(built)[-1],
    )
    protocols = {metric.key: protocol_text(metric) for metric in metrics}
    fresh = Baselines(teacher, settings, protocols, {})
    if not file.exists():
        return fresh
    there = read_baselines(file, plugins.registry)
    if there.teacher.fingerprint != teacher.fingerprint:
        raise UserError(f"{file}: baselines of another teacher are there; take another --out")
    if attrs.evolve(there, finalists={}, ceilings=(), dropped=()) != fresh:
        return fresh  # of other rungs or guidance: not to be mixed
    return attrs.evolve(fresh, finalists=there.finalists, ceilings=there.ceilings)


def _measurer(
    folder: Path, built: Built, baselines: Baselines, metrics: tuple[Metric, ...]
) -> Measurer:
    """Its journal is that of these settings: a measurement of others is no measurement."""
    evaluate, settings = built.experiment.evaluate, baselines.settings
    settings_json: dict[str, Any] = {
        "teacher": baselines.teacher.fingerprint,
        "versions": [settings.secantfw, settings.torch, settings.device],
        "compute_batch": settings.compute_batch,
        "metrics": {metric.key: protocol_text(metric) for metric in metrics},
        "reference": f"{evaluate.reference!r} {evaluate.keys.reference_steps} "
        f"{evaluate.keys.reference_tolerance}",
        "channels": built.experiment.guidance.channels,
    }
    name = hashlib.sha256(json.dumps(settings_json, sort_keys=True).encode()).hexdigest()[:16]
    return Measurer(built, Journal(folder / name / "measurements.jsonl"), folder / name)


def _search(
    asked: Asked,
    plugins: Plugins,
    measurer: Measurer,
    metrics: tuple[Metric, ...],
    baselines: Baselines,
    file: Path,
    note: Callable[[str], None],
) -> Baselines:
    built, choices = measurer.built, solver_choices(plugins.registry)
    dropped = dict.fromkeys(choices.refused)

    def failed(candidate: Candidate, why: str) -> None:
        line = f"{candidate}: {why}"
        if line not in dropped:
            dropped[line] = None
            note(f"dropped: {line}")

    wanted = objectives(metrics, own_guidances(built))
    search = Search(measurer, choices.solvers, wanted, asked.rungs, failed)
    finalists: dict[int, tuple[Finalist, ...]] = dict(baselines.finalists)
    for nfe in asked.nfe or built.experiment.evaluate.keys.nfe:
        finalists[nfe] = search.finalists(nfe)
        baselines = attrs.evolve(baselines, finalists=dict(finalists), dropped=tuple(dropped))
        write_baselines(file, baselines)
    chosen_by = tuple(sorted({*asked.rungs[:-1], asked.ceiling_samples[0]}))
    plan = CeilingPlan(asked.ceiling_calls, chosen_by, asked.ceiling_samples)
    if plan.calls:
        found = ceilings(measurer, plugins.registry, metrics, plan, failed)
        baselines = attrs.evolve(baselines, ceilings=found, dropped=tuple(dropped))
        write_baselines(file, baselines)
    return baselines
