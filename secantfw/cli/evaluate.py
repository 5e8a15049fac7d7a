"""`secantfw evaluate RUN`: measure a trained run again, with other steps, seeds or solvers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from secantfw.cli.arguments import add_run_and_overrides, run_and_overrides
from secantfw.cli.loading_run import load_trained
from secantfw.cli.table import print_table
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

NAME = "evaluate"
HELP = "evaluate a trained run and rewrite its evaluation and report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "evaluate.samples=10000")
    parser.add_argument("--steps", metavar="N,N", help="network evaluations, e.g. 1,2,4,8")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.evaluation.write import evaluate_to
    from secantfw.reporting.report import write_report

    named = run_and_overrides(args)
    overrides = _with_steps(named.overrides, args.steps)
    trained = load_trained(named.directory, overrides, plugins)
    built, directory = trained.built, trained.directory
    if not built.experiment.evaluate.keys.samples:
        raise UserError("evaluate: evaluate.samples is 0; give a number, evaluate.samples=2048")
    evaluation = evaluate_to(directory, built, trained.student, _note, overrides)
    print_table(evaluation)
    print(f"report: {write_report(trained.directory)}")
    return int(ExitCode.DONE)


def _with_steps(overrides: Sequence[str], steps: str | None) -> list[str]:
    """`--steps` is short for an override, which must not be there as well."""
    if steps is None:
        return list(overrides)
    rival = next((o for o in overrides if o.partition("=")[0].strip() == "evaluate.steps"), None)
    if rival is not None:
        raise UserError(f"evaluate: --steps {steps} and {rival} set one key; give one of them")
    return [*overrides, f"evaluate.steps=[{steps}]"]


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
