"""`secantfw evaluate RUN`: measure a trained run again, with other steps, guidance or solvers.

A command that was killed goes on where it was: its finished rows are kept in the run directory.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import add_run_and_overrides, run_and_overrides
from secantfw.cli.loading_run import TrainedRun, load_trained
from secantfw.cli.processes import check_processes, run_shards, trust_in_time
from secantfw.cli.table import print_table
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins
from secantfw.runtime.terminal import put, say, warn
from secantfw.training.run_directory import open_run

if TYPE_CHECKING:
    from secantfw.training.build import Built

NAME = "evaluate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "evaluate.samples=10000")
    parser.add_argument("--nfe", metavar="N,N", help="network evaluations, e.g. 1,2,4,8")
    parser.add_argument("--steps", help=argparse.SUPPRESS)
    parser.add_argument("--guidance", metavar="W,W", help="guidance scales, e.g. 1.0,1.5,2.0")
    parser.add_argument("--seeds", metavar="N,N", help="repeat with each seed: mean and deviation")
    parser.add_argument("--processes", type=int, default=1, help="share the rows out (1)")
    parser.add_argument("--shard", metavar="I/N", help="measure these rows only, such as 0/2")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    check_processes(NAME, args.processes, args.shard)
    named = run_and_overrides(args)
    overrides = list(named.overrides)
    if args.steps is not None:
        raise UserError(f"evaluate: --steps is called --nfe now: --nfe {args.steps}")
    for key in ("nfe", "guidance", "seeds"):
        overrides = _with(overrides, key, getattr(args, key))
    return _evaluate(open_run(named.directory), overrides, args, plugins)


def _evaluate(
    directory: Path, overrides: Sequence[str], args: argparse.Namespace, plugins: Plugins
) -> int:
    """Under the run's lock; processes that measure some of the rows each share it."""
    from secantfw.training.files import disk_errors_said
    from secantfw.training.lock import locked

    with disk_errors_said(directory):
        if args.processes > 1:
            with locked(directory, shared=True):
                run_shards(
                    [NAME, str(directory), *overrides, *trust_in_time(directory, plugins)],
                    args.processes,
                    plugins,
                )
        with locked(directory, shared=args.shard is not None):
            return _measure(directory, overrides, args.shard, plugins)


def _measure(
    directory: Path, overrides: Sequence[str], shard: str | None, plugins: Plugins
) -> int:
    from secantfw.evaluation.write import evaluate_part, evaluate_to
    from secantfw.reporting.report import write_report
    from secantfw.sampling.shard import read_shard
    from secantfw.training.compiled import compile_networks

    part = None if shard is None else read_shard(shard)
    trained = load_to_measure(directory, overrides, plugins)
    built, directory = trained.built, trained.directory
    compile_networks(built)  # as the run itself did when it measured
    if part is not None:
        evaluate_part(directory, built, trained.student, say, part)
        return int(ExitCode.DONE)
    _warn_of_steps(built)
    evaluation = evaluate_to(directory, built, trained.student, say, overrides)
    print_table(evaluation)
    put(f"report: {write_report(trained.directory)}")
    return int(ExitCode.DONE)


def load_to_measure(directory: Path, overrides: Sequence[str], plugins: Plugins) -> TrainedRun:
    """A trained run whose evaluation draws samples.

    Raises:
        UserError: as `load_trained`; an evaluation of no samples.
    """
    trained = load_trained(directory, overrides, plugins)
    if not trained.built.experiment.evaluate.keys.samples:
        raise UserError("evaluate: evaluate.samples is 0; give a number, evaluate.samples=2048")
    return trained


def _with(overrides: Sequence[str], key: str, value: str | None) -> list[str]:
    """`--KEY value` is short for an override, which must not be there as well."""
    if value is None:
        return list(overrides)
    full = f"evaluate.{key}"
    rival = next((o for o in overrides if o.partition("=")[0].strip() == full), None)
    if rival is not None:
        raise UserError(f"evaluate: --{key} {value} and {rival} set one key; give one of them")
    if not all(map(_is_number, value.split(","))):
        raise UserError(f"evaluate: --{key}: expected numbers such as 1,2,4, got {value}")
    return [*overrides, f"{full}=[{value}]"]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _warn_of_steps(built: Built) -> None:
    """One line about all rows along secants whose number of steps was not trained."""
    from secantfw.evaluation.planned_rows import planned_rows
    from secantfw.sampling.trained_steps import steps_warning

    rows = [row for row in planned_rows(built) if row.model == "student"]
    warning = steps_warning(built, [(row.solver.solver, row.steps) for row in rows])
    if warning:
        warn(warning)
