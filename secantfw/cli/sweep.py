"""`secantfw sweep FILE`: run an experiment's variations, a few at a time, and compare them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.cli.compare import show
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put, say

if TYPE_CHECKING:
    from secantfw.sweep.jobs import Job
    from secantfw.sweep.launcher import Launcher
    from secantfw.sweep.sweep_file import SweepPlan

NAME = "sweep"
#: A run failed; the others are complete and in the table.
_FAILED = 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="sweep file (TOML)")
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="key=value",
        help="of every run; sweep.key=value of the sweep, e.g. sweep.slurm.partition=gpu",
    )
    parser.add_argument(
        "--out", type=out_path, default=Path("runs"), help="the sweep's folder goes there (runs/)"
    )
    parser.add_argument("--processes", type=int, metavar="N", help="runs at a time")
    parser.add_argument(
        "--launcher",
        default="local",
        metavar="NAME",
        help="what starts the runs: local, slurm (a job each), submitit-local (the same, here)",
    )
    parser.add_argument("--list", action="store_true", help="list the runs, start none")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.sweep.jobs import jobs_of
    from secantfw.sweep.sweep_file import OWN_WORD, read_sweep

    own = [word for word in args.overrides if word.startswith(OWN_WORD)]
    plan = read_sweep(args.file, own)
    asked = plan.processes if args.processes is None else args.processes
    if asked is not None and asked < 1:
        raise UserError("sweep: --processes must be at least 1")
    root: Path = args.out / plan.name
    overrides = [word for word in args.overrides if word not in own]
    jobs = jobs_of(plan, overrides, root.absolute(), plugins)
    if args.list:
        for job in jobs:
            put(f"{job.label}: {'finished' if job.finished() else 'not finished'}")
        return int(ExitCode.DONE)
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.lock import RunLock
    from secantfw.sweep.launchers import find_launcher

    kind = find_launcher(args.launcher)
    processes = asked or kind.at_once or max(1, len(jobs))
    launcher = kind(processes, plan.slurm)
    with disk_errors_said(root):
        root.mkdir(parents=True, exist_ok=True)
        lock = RunLock(root)
        try:
            return _conduct(root, plan, jobs, launcher, processes)
        finally:
            lock.release()


def _conduct(root: Path, plan: SweepPlan, jobs: Sequence[Job], launcher: Launcher, n: int) -> int:
    from secantfw.comparison.comparison import compare
    from secantfw.runtime.progress import Progress
    from secantfw.runtime.signals import StopRequest
    from secantfw.sweep.conduct import Conductor
    from secantfw.sweep.results import results

    done = sum(job.finished() is not None for job in jobs)
    with StopRequest() as stop, Progress(len(jobs), done, "runs") as progress:
        conductor = Conductor(root, plan, jobs, launcher, progress)
        conductor.run(n, stop)
    if stop.requested:
        left = len(jobs) - conductor.done()
        say(f"stopped with {left} runs to do; the same command goes on")
        return int(stop.exit_code())
    show(compare(results(jobs, conductor.errors)), root)
    return _FAILED if conductor.errors else int(ExitCode.DONE)
