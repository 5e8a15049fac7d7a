"""`secantfw check FILE`: every problem of an experiment, before any time is spent on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, ExperimentError, Problem, UserError
from secantfw.experiment.load import LoadedExperiment, load
from secantfw.runtime.terminal import put
from secantfw.weights.formats import weights_formats

if TYPE_CHECKING:
    from secantfw.assembly.build import Built

NAME = "check"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="experiment file (TOML)")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as train.steps=50"
    )
    parser.add_argument(
        "--no-build", action="store_true", help="look at the file only: no torch, no networks"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    sizes = memory = converted = ""
    try:
        loaded = load(args.file, args.overrides, plugins, without_files=True)
        problems: Sequence[Problem] = loaded.missing
        if not args.no_build:
            built, found = _build(loaded, plugins)
            problems = (*loaded.missing, *map(loaded.located, found))
            if built is not None and not found:
                sizes = _sizes(built)
                memory, lacking = _memory(built)
                if lacking is not None and not loaded.missing:  # else it does not run here anyway
                    problems = [loaded.located(lacking)]
            converted = "" if built is None else built.converted
        for warning in loaded.warnings:
            put(warning)
    except ExperimentError as error:
        problems = error.problems
    for problem in problems:
        put(problem)
    if problems:
        if sizes and loaded.missing:
            put(f"{args.file}: but for {len(problems)} missing files OK: {sizes}; {memory}")
        return int(ExitCode.USER)
    if memory:
        put(f"{args.file}: {memory}")
    if converted:
        put(f"{args.file}: would convert weights as it reads them: {converted}")
    put(f"{args.file}: OK: {_summary(loaded)}")
    return int(ExitCode.DONE)


def _build(loaded: LoadedExperiment, plugins: Plugins) -> tuple[Built | None, Sequence[Problem]]:
    """What only building shows; on the meta device, where networks take no memory.

    Where files are missing, what cannot be built without them is no problem of its own.
    """
    import torch

    from secantfw.assembly.build import build_experiment
    from secantfw.checking.check_built import check_built

    lacking = {str(problem.key).partition(".")[0] for problem in loaded.missing}
    formats, meta = partial(weights_formats, plugins), torch.device("meta")
    try:
        built = build_experiment(loaded.experiment, meta, formats, without_files=bool(lacking))
        return built, check_built(built)
    except ExperimentError as error:
        # A data set is built from its own files alone, so what it says is so.
        known = [p for p in error.problems if not lacking or {p.key} - lacking == {"dataset"}]
        return None, known
    except UserError as error:
        return None, () if lacking else (Problem(str(error)),)


def _sizes(built: Built) -> str:
    """The networks' parameters and the data they were built for."""
    student = sum(p.numel() for p in built.student.parameters())
    said = [f"student {built.experiment.backbone.full_name} {student:,} parameters"]
    if built.teacher is not None:
        said.insert(0, f"teacher {built.teacher.num_parameters():,} parameters")
    spec = built.dataset.spec
    return f"{', '.join(said)}, data {spec.shape} with {spec.num_classes} classes"


def _memory(built: Built) -> tuple[str, Problem | None]:
    """About what a step takes of the run's device, or why that cannot be said; and the problem
    where there is less."""
    from secantfw.discovery.records import cause
    from secantfw.forecast.memory_need import cure, memory_need, memory_problem

    try:
        need = memory_need(built)
    except Exception as error:  # a loss or a teacher that the meta device is nothing for
        return f"the memory of a step is not known: {cause(error)}", None
    mend = f"; {cure(built.experiment, need.rows)}" if need.lacking else ""
    said = f"a step of {need.rows} rows: {need}{mend}"
    return said, memory_problem(need, built.experiment)


def _summary(loaded: LoadedExperiment) -> str:
    e = loaded.experiment
    teacher = f", teacher {e.teacher.full_name}" if e.teacher else ""
    return (
        f"{e.backbone.full_name} on {e.dataset.full_name} by {e.loss.full_name}{teacher}, "
        f"{e.time_sampler.full_name} on {e.path.full_name}, {e.train.steps} steps"
    )
