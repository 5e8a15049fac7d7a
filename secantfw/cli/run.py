"""`secantfw run FILE [key=value ...]`: train, evaluate, report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

if TYPE_CHECKING:
    from secantfw.training.plan import Plan
    from secantfw.training.run import Run

NAME = "run"
HELP = "train an experiment, evaluate it and write its report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="experiment (TOML)")
    parser.add_argument("overrides", nargs="*", metavar="key=value", help="e.g. train.steps=50")
    parser.add_argument("--out", type=out_path, default=Path("runs"), help="where runs go (runs/)")
    parser.add_argument(
        "--resume", type=Path, metavar="RUN", help="continue this run directory, or checkpoint"
    )
    parser.add_argument(
        "--dry-steps",
        type=int,
        metavar="N",
        help="take N steps, with stand-ins for files that are missing, and keep nothing",
    )
    parser.add_argument(
        "--allow-change",
        action="append",
        default=[],
        metavar="KEY",
        help="with --resume: this key or table of the experiment may have changed",
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    if args.file is None and args.resume is None:
        raise UserError("run: name an experiment FILE, or a run to continue with --resume RUN")
    if args.resume is not None and "=" in str(args.file or ""):
        args.overrides, args.file = [str(args.file), *args.overrides], None
    if args.file is not None and args.resume is not None:
        raise UserError("run: --resume takes the experiment from the run; leave FILE out")
    if args.allow_change and args.resume is None:
        raise UserError("run: --allow-change goes with --resume")
    if args.dry_steps is not None:
        return _dry(args, plugins)
    from secantfw.training.files import disk_errors_said
    from secantfw.training.signals import exit_code, terminable

    with terminable(), disk_errors_said(args.resume or args.out):
        try:
            job, plan = _resumed(args, plugins) if args.resume is not None else _new(args, plugins)
        except KeyboardInterrupt as error:
            _say("stopped before the first step")
            return int(exit_code(error))
        try:
            for line in plan.lines():
                _say(line)
            _say(f"  run directory: {job.directory}")
            return int(_complete(job))
        finally:
            if job.lock is not None:
                job.lock.release()


def _dry(args: argparse.Namespace, plugins: Plugins) -> int:
    """`--dry-steps N`: what a step costs, by taking some."""
    if args.resume is not None:
        raise UserError("run: --dry-steps takes an experiment FILE, not a run to resume")
    if args.dry_steps < 1:
        raise UserError("run: --dry-steps must be at least 1")
    from secantfw.experiment.load import load

    loaded = load(args.file, args.overrides, plugins, without_files=True)
    for warning in loaded.warnings:
        _say(str(warning))
    from secantfw.training.dry_run import dry_run

    for line in dry_run(loaded, plugins, args.dry_steps, _say):
        print(line)
    return int(ExitCode.DONE)


def _new(args: argparse.Namespace, plugins: Plugins) -> tuple[Run, Plan]:
    from secantfw.experiment.load import load

    loaded = load(args.file, args.overrides, plugins)  # a bad file is refused before torch loads
    for warning in loaded.warnings:
        _say(str(warning))
    from secantfw.training.run import new_run

    return new_run(loaded, plugins, args.out)


def _resumed(args: argparse.Namespace, plugins: Plugins) -> tuple[Run, Plan]:
    from secantfw.training.resume import Resumption, resumed_run

    return resumed_run(Resumption(args.resume, args.overrides, args.allow_change), plugins, _say)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _complete(job: Run) -> ExitCode:
    """Train, evaluate, report; a signal ends it after the step at hand, saved."""
    from secantfw.training.run import end_run, stopped_status, train_run
    from secantfw.training.signals import StopRequest, exit_code

    go_on = f"continue with: secantfw run --resume {job.directory}"
    try:
        with StopRequest() as stop:
            observer = train_run(job, stop)
    except KeyboardInterrupt as error:
        saved = any((job.directory / "checkpoints").glob("step-*"))
        _say(f"stopped at once; {go_on}" if saved else "stopped at once; no checkpoint was saved")
        return exit_code(error)
    if stop.requested and observer.done < job.loaded.experiment.train.steps:
        code = stop.exit_code()
        end_run(observer, "interrupted" if code is ExitCode.INTERRUPTED else "terminated")
        _say(f"stopped after step {observer.done}; {go_on}")
        return code
    try:
        _evaluate_and_report(job)
    except KeyboardInterrupt as error:
        message = "during evaluation; the training is complete"
        end_run(observer, stopped_status(error), message)
        _say(f"stopped {message}; {go_on}")
        return exit_code(error)
    except Exception as error:
        end_run(observer, "failed", f"evaluation: {error}")
        raise
    end_run(observer, "finished")
    _report(job.directory)
    return ExitCode.DONE


def _evaluate_and_report(job: Run) -> None:
    from secantfw.cli.table import print_table
    from secantfw.evaluation.write import evaluate_to

    if job.loaded.experiment.evaluate.keys.samples:
        evaluation = evaluate_to(job.directory, job.built, job.average.network, _say)
        print_table(evaluation)


def _report(directory: Path) -> None:
    from secantfw.reporting.report import write_report

    print(f"report: {write_report(directory)}")
