"""`secantfw run FILE [key=value ...]`: train, evaluate, report."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.cli.processes import trust_in_time
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, SecantfwError, UserError
from secantfw.experiment.heading import heading
from secantfw.parallel.processes import EndsWithAnother, Processes, processes_of
from secantfw.runtime.regular_file import is_regular
from secantfw.runtime.run_directory import open_run
from secantfw.runtime.terminal import put, say

if TYPE_CHECKING:
    from secantfw.experiment.load import LoadedExperiment
    from secantfw.forecast.plan import Plan
    from secantfw.parallel.group import Group
    from secantfw.training.job import Job

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
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.signals import terminable

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
    from secantfw.runtime.signals import exit_code
    from secantfw.session.complete import complete
    from secantfw.session.new_run import new_run

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
    from secantfw.forecast.dry_run import dry_run

    for line in dry_run(loaded, plugins, args.dry_steps, say):
        put(line)
    return int(ExitCode.DONE)


def _resumed(
    args: argparse.Namespace, plugins: Plugins, group: Group, say: Callable[[str], None]
) -> tuple[Job, Plan]:
    from secantfw.session.resume import Resumption, resumed_run

    asked = Resumption(args.resume, args.overrides, args.allow_change, args.force)
    return resumed_run(asked, plugins, say, group)


def _head(loaded: LoadedExperiment, say: Callable[[str], None]) -> None:
    for line in heading(loaded.experiment):
        say(line)


def _nothing(text: str) -> None:
    """What processes say that are not the main one."""
