"""`secantfw run FILE [key=value ...]`: train, evaluate, report."""

from __future__ import annotations

import argparse
import os
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.cli.processes import trust_in_time
from secantfw.errors import ExitCode, SecantfwError, UserError
from secantfw.experiment.heading import heading
from secantfw.parallel.processes import EndsWithAnother, Processes, processes_of
from secantfw.plugin.loader import Plugins
from secantfw.runtime.regular_file import is_regular
from secantfw.runtime.terminal import put, say
from secantfw.training.run_directory import open_run

if TYPE_CHECKING:
    from secantfw.experiment.load import LoadedExperiment
    from secantfw.parallel.group import Group
    from secantfw.training.plan import Plan
    from secantfw.training.run import Run

NAME = "run"


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
        "--processes",
        type=int,
        metavar="N",
        help="train on N processes of this machine, one a GPU; under torchrun it is not needed",
    )
    parser.add_argument(
        "--allow-change",
        action="append",
        default=[],
        metavar="KEY",
        help="with --resume: this key or table of the experiment may have changed",
    )
    parser.add_argument(
        "--force", action="store_true", help="start even if a step is known not to fit into memory"
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
    if args.processes is not None and args.processes < 1:
        raise UserError("run: --processes must be at least 1")
    if args.dry_steps is not None:
        return _dry(args, plugins)
    processes = processes_of(os.environ)
    if args.processes is not None and not processes.launched:
        return _launch(args, plugins)
    if args.processes not in (None, processes.size):
        raise UserError(f"run: --processes {args.processes}, and {processes.size} were started")
    loaded = None if args.resume else _loaded(args, plugins, processes)
    tell = say if processes.is_main else _nothing
    if loaded is not None:
        _head(loaded, tell)  # before torch, which takes seconds
    from secantfw.parallel.group import joined
    from secantfw.training.files import disk_errors_said
    from secantfw.training.signals import terminable

    with terminable(), disk_errors_said(args.resume or args.out), joined(processes) as group:
        return _in_group(args, plugins, loaded, group, tell)


def _launch(args: argparse.Namespace, plugins: Plugins) -> int:
    """`--processes N` on a command line: a bad file is refused once, before N begin."""
    from secantfw.parallel.launch import launch

    if args.resume is None:
        _loaded(args, plugins, Processes())
        return launch(args.arguments, args.processes)
    of_checkpoint = is_regular(args.resume / "state.json")
    directory = open_run(args.resume.parent.parent if of_checkpoint else args.resume)
    trusted = trust_in_time(directory, plugins)
    return launch([*args.arguments, *trusted], args.processes)


def _loaded(args: argparse.Namespace, plugins: Plugins, processes: Processes) -> LoadedExperiment:
    """The experiment; a bad file is refused before torch loads, by the main process."""
    from secantfw.experiment.load import load

    try:
        loaded = load(args.file, args.overrides, plugins)
    except SecantfwError as error:
        if processes.is_main:
            raise
        raise EndsWithAnother(error.exit_code) from error
    for warning in loaded.warnings:
        if processes.is_main and (processes.launched or args.processes is None):
            say(str(warning))
    return loaded


def _in_group(
    args: argparse.Namespace,
    plugins: Plugins,
    loaded: LoadedExperiment | None,
    group: Group,
    say: Callable[[str], None],
) -> int:
    from secantfw.training.run import new_run
    from secantfw.training.signals import exit_code

    try:
        if loaded is None:
            job, plan = _resumed(args, plugins, group, say)
            _head(job.loaded, say)
        else:
            job, plan = new_run(loaded, plugins, args.out, group, force=args.force)
    except KeyboardInterrupt as error:
        say("stopped before the first step")
        return int(exit_code(error))
    try:
        for line in plan.lines():
            say(line)
        say(f"  run directory: {job.directory}")
        return int(complete(job, say))
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
        say(str(warning))
    _head(loaded, say)
    from secantfw.training.dry_run import dry_run

    for line in dry_run(loaded, plugins, args.dry_steps, say):
        put(line)
    return int(ExitCode.DONE)


def _resumed(
    args: argparse.Namespace, plugins: Plugins, group: Group, say: Callable[[str], None]
) -> tuple[Run, Plan]:
    from secantfw.training.resume import Resumption, resumed_run

    asked = Resumption(args.resume, args.overrides, args.allow_change, args.force)
    return resumed_run(asked, plugins, say, group)


def _head(loaded: LoadedExperiment, say: Callable[[str], None]) -> None:
    for line in heading(loaded.experiment):
        say(line)


def _nothing(text: str) -> None:
    """What processes say that are not the main one."""


def complete(job: Run, say: Callable[[str], None]) -> ExitCode:
    """Train, evaluate, report; a signal ends it after the step at hand, saved."""
    from secantfw.training.signals import StopRequest, exit_code
    from secantfw.training.train_run import end_run, stopped_status, train_run

    go_on = f"continue with: secantfw run --resume {job.directory}"
    try:
        with StopRequest() as stop:
            observer = train_run(job, stop)
    except KeyboardInterrupt as error:
        saved = any((job.directory / "checkpoints").glob("step-*"))
        say(f"stopped at once; {go_on}" if saved else "stopped at once; no checkpoint was saved")
        return exit_code(error)
    if stop.requested and observer.done < job.loaded.experiment.train.steps:
        code = stop.exit_code()
        end_run(observer, "interrupted" if code is ExitCode.INTERRUPTED else "terminated")
        say(f"stopped after step {observer.done}; {go_on}")
        return code
    try:
        _evaluate_and_report(job, say)
    except KeyboardInterrupt as error:
        message = "during evaluation; the training is complete"
        end_run(observer, stopped_status(error), message)
        say(f"stopped {message}; {go_on}")
        return exit_code(error)
    except Exception as error:
        end_run(observer, "failed", f"evaluation: {_said(job, error)}")
        raise
    end_run(observer, "finished")
    if job.group.is_main:
        _report(job.directory)
    return ExitCode.DONE


def _evaluate_and_report(job: Run, say: Callable[[str], None]) -> None:
    """Every process makes its share of each row; the main one measures them."""
    from secantfw.cli.loading_run import load_trained
    from secantfw.cli.table import print_table
    from secantfw.evaluation.write import evaluate_in

    if not job.loaded.experiment.evaluate.keys.samples:
        return
    built, student = job.built, job.average.network
    if job.update.engine.sharded:  # this process has a share of the average; the checkpoint all
        trained = load_trained(job.directory, [], job.plugins)
        built, student = trained.built, trained.student
    content = evaluate_in(job.group, job.directory, built, student, say)
    if content is not None:
        print_table(content)


def _said(job: Run, error: Exception) -> str:
    """An error in words for outcome.json; of one that nobody foresaw the type too, and its
    traceback in events.jsonl."""
    from secantfw.parallel.group import LOST, is_loss_of_another
    from secantfw.training.event_log import EventLog

    if isinstance(error, SecantfwError):
        return str(error)
    if job.group.size > 1 and is_loss_of_another(error):
        return LOST
    facts = {"process": job.group.processes.rank, "traceback": traceback.format_exc()}
    EventLog(job.directory).add("failed", job.loaded.experiment.train.steps, **facts)
    return ": ".join(filter(None, (type(error).__name__, str(error))))


def _report(directory: Path) -> None:
    from secantfw.reporting.report import write_report

    put(f"report: {write_report(directory)}")
