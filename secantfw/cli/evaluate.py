"""`secantfw evaluate RUN`: measure a trained run again, with other steps, guidance or solvers.

A command that was killed goes on where it was: finished rows, and finished blocks of the row at
hand, are kept in the run directory. `--processes N` shares the blocks out on this machine,
torchrun on several.
"""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs

from secantfw.cli.arguments import RunAndOverrides, add_run_and_overrides, run_and_overrides
from secantfw.cli.processes import check_processes, trust_in_time
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.parallel.processes import processes_of
from secantfw.reporting.print_table import print_table
from secantfw.runtime.run_directory import open_run
from secantfw.runtime.terminal import put, say, warn
from secantfw.session.trained import load_to_measure

if TYPE_CHECKING:
    from secantfw.assembly.build import Built
    from secantfw.parallel.group import Group

NAME = "evaluate"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "evaluate.samples=10000")
    parser.add_argument("--nfe", metavar="N,N", help="network evaluations, e.g. 1,2,4,8")
    parser.add_argument("--steps", help=argparse.SUPPRESS)
    parser.add_argument("--guidance", metavar="W,W", help="guidance scales, e.g. 1.0,1.5,2.0")
    parser.add_argument("--seeds", metavar="N,N", help="repeat with each seed: mean and deviation")
    parser.add_argument("--processes", type=int, default=1, help="share each row out (1)")
    parser.add_argument(
        "--shard", metavar="I/N", help="make this part of each row only, such as 0/2"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    check_processes(NAME, args.processes, args.shard)
    named = run_and_overrides(args)
    overrides = named.overrides
    if args.steps is not None:
        raise UserError(f"evaluate: --steps is called --nfe now: --nfe {args.steps}")
    for key in ("nfe", "guidance", "seeds"):
        overrides = _with(overrides, key, getattr(args, key))
    processes = processes_of(os.environ)
    if args.processes > 1 and not processes.launched:
        return _launch(args, trust_in_time(open_run(named.directory), plugins))
    if args.processes not in (1, processes.size):
        raise UserError(f"evaluate: --processes {args.processes}, and {processes.size} started")
    named = attrs.evolve(named, overrides=overrides)
    if args.shard is not None:
        return _part(named, args.shard, plugins)
    from secantfw.parallel.group import joined
    from secantfw.runtime.signals import terminable

    with terminable(), joined(processes) as group:
        return _evaluate(named, plugins, group)


def _launch(args: argparse.Namespace, more: Sequence[str]) -> int:
    """Each process uses as many threads as one would: the last bits of a product may depend on
    them."""
    import torch

    from secantfw.parallel.launch import launch

    return launch([*args.arguments, *more], args.processes, torch.get_num_threads())


def _part(named: RunAndOverrides, shard: str, plugins: Plugins) -> int:
    from secantfw.assembly.compiled import compile_networks
    from secantfw.evaluation.write import evaluate_part
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.lock import locked
    from secantfw.sampling.shard import read_shard

    part, directory = read_shard(shard), open_run(named.directory)
    with disk_errors_said(directory), locked(directory, shared=True):
        trained = load_to_measure(directory, named.overrides, plugins, allowed=named.allowed)
        compile_networks(trained.built)
        evaluate_part(trained.directory, trained.built, trained.student, say, part)
    return int(ExitCode.DONE)


def _evaluate(named: RunAndOverrides, plugins: Plugins, group: Group) -> int:
    """Under the run's lock, which the main process holds for all of the group."""
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.lock import locked

    directory = open_run(named.directory)
    with contextlib.ExitStack() as held, disk_errors_said(directory):
        with group.apart():
            if group.is_main:
                held.enter_context(locked(directory))
        return _measure(attrs.evolve(named, directory=directory), plugins, group)


def _measure(named: RunAndOverrides, plugins: Plugins, group: Group) -> int:
    from secantfw.assembly.compiled import compile_networks
    from secantfw.evaluation.write import evaluate_in
    from secantfw.reporting.report import write_report

    directory, note = named.directory, say if group.is_main else _nothing
    with group.apart():
        trained = load_to_measure(
            directory, named.overrides, plugins, allowed=named.allowed, note=note
        )
    built = trained.built
    compile_networks(built)  # as the run itself did when it measured
    if group.is_main:
        _warn_of_steps(built)
        _warn_of_solvers(built)
    evaluation = evaluate_in(group, directory, built, trained.student, note, named.overrides)
    if evaluation is not None:
        print_table(evaluation)
        put(f"report: {write_report(directory, plugins)}")
    return int(ExitCode.DONE)


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
    from secantfw.assembly.planned_rows import planned_rows
    from secantfw.assembly.trained_steps import steps_warning

    rows = [row for row in planned_rows(built) if row.model == "student"]
    warning = steps_warning(built, [(row.solver.solver, row.steps) for row in rows])
    if warning:
        warn(warning)


def _warn_of_solvers(built: Built) -> None:
    """One line about solvers that are named and have nobody to sample."""
    from secantfw.assembly.planned_rows import named_solvers
    from secantfw.assembly.row import models_of

    if built.teacher is None or built.experiment.evaluate.keys.teacher:
        return
    has = built.loss.provides
    idle = [
        n.title for n in named_solvers(built) if not models_of(n, student_has=has, teacher=False)
    ]
    if idle:
        warn(f"evaluate.teacher = false leaves out {', '.join(idle)}; say evaluate.teacher=true")


def _nothing(text: str) -> None:
    """What processes say that are not the main one."""
