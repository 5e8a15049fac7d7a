"""`secantfw check FILE`: every problem of an experiment, before any time is spent on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial

from secantfw.errors import ExitCode, ExperimentError, Problem, UserError
from secantfw.experiment.load import LoadedExperiment, load
from secantfw.plugin.loader import Plugins
from secantfw.plugin.weights_formats import weights_formats

NAME = "check"
HELP = "list every problem of an experiment; builds its networks without memory"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="experiment file (TOML)")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as train.steps=50"
    )
    parser.add_argument(
        "--no-build", action="store_true", help="look at the file only: no torch, no networks"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    try:
        loaded = load(args.file, args.overrides, plugins)
        problems = () if args.no_build else _build_problems(loaded, plugins)
    except ExperimentError as error:
        problems = error.problems
    for problem in problems:
        print(problem)
    if problems:
        return int(ExitCode.USER)
    print(f"{args.file}: OK: {_summary(loaded)}")
    return int(ExitCode.DONE)


def _build_problems(loaded: LoadedExperiment, plugins: Plugins) -> Sequence[Problem]:
    """What only building shows; on the meta device, where networks take no memory."""
    import torch

    from secantfw.training.build import build_experiment, check_built

    try:
        formats = partial(weights_formats, plugins)
        built = build_experiment(loaded.experiment, torch.device("meta"), formats)
        found = check_built(built)
    except ExperimentError as error:
        found = list(error.problems)
    except UserError as error:
        found = [Problem(str(error))]
    return tuple(map(loaded.located, found))


def _summary(loaded: LoadedExperiment) -> str:
    e = loaded.experiment
    teacher = f", teacher {e.teacher.full_name}" if e.teacher else ""
    return (
        f"{e.backbone.full_name} on {e.dataset.full_name} by {e.loss.full_name}{teacher}, "
        f"{e.time_sampler.full_name} on {e.path.full_name}, {e.train.steps} steps"
    )
