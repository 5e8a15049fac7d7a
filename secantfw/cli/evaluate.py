"""`secantfw evaluate RUN`: measure a trained run again, with other steps, seeds or solvers."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from secantfw.cli.loading_run import load_trained
from secantfw.cli.table import print_table
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

NAME = "evaluate"
HELP = "evaluate a trained run and rewrite its evaluation and report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="RUN", help="run directory")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="key=value",
        help="e.g. evaluate.samples=10000",
    )
    parser.add_argument("--steps", metavar="N,N", help="network evaluations, e.g. 1,2,4,8")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.evaluation.write import evaluate_to
    from secantfw.reporting.report import write_report

    overrides = list(args.overrides)
    if args.steps is not None:
        overrides.append(f"evaluate.steps=[{args.steps}]")
    trained = load_trained(args.directory, overrides, plugins)
    built, directory = trained.built, trained.directory
    if not built.experiment.evaluate.keys.samples:
        raise UserError("evaluate: evaluate.samples is 0; give a number, evaluate.samples=2048")
    evaluation = evaluate_to(directory, built, trained.student, _note, overrides)
    print_table(evaluation)
    print(f"report: {write_report(trained.directory)}")
    return int(ExitCode.DONE)


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
