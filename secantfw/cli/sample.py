"""`secantfw sample RUN`: draw numbered samples from a trained run."""

from __future__ import annotations

import argparse

from secantfw.cli.arguments import add_run_and_overrides, out_path, run_and_overrides
from secantfw.cli.processes import check_processes, run_shards, trust_in_time
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.run_directory import open_run
from secantfw.runtime.terminal import put, warn
from secantfw.session.trained import load_trained

NAME = "sample"
_MOST = 10_000_000  # as many as a count of files can be meant to be


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "guidance.scale=1.5")
    parser.add_argument("--count", type=int, default=64, help="how many (64)")
    parser.add_argument("--steps", type=int, help="solver steps (what it was trained for, else 4)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (0)")
    parser.add_argument(
        "--batch-size",
        type=int,
        default=64,
        help="samples written at a time (64); the network sees evaluate.compute_batch rows",
    )
    parser.add_argument("--processes", type=int, default=1, help="share the work out (1)")
    parser.add_argument("--shard", metavar="I/N", help="draw this part only, such as 0/2")
    parser.add_argument("--out", type=out_path, required=True, help="folder for the samples")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    for name in ("count", "steps", "batch_size"):
        if (value := getattr(args, name)) is not None and value < 1:
            raise UserError(f"sample: --{name.replace('_', '-')} must be at least 1")
    if args.count > _MOST:
        raise UserError(f"sample: --count must be at most {_MOST:_}")
    check_processes(NAME, args.processes, args.shard)
    try:
        if args.processes > 1:
            trusted = trust_in_time(open_run(run_and_overrides(args).directory), plugins)
            run_shards([*_command(args), *trusted], args.processes, plugins)
        else:
            _draw(args, plugins)
    except OSError as error:
        raise UserError(f"{args.out}: cannot be written ({error.strerror})") from error
    put(f"{args.count} samples in {args.out}")
    return int(ExitCode.DONE)


def _command(args: argparse.Namespace) -> list[str]:
    """What a process is called with, but for its shard."""
    named = run_and_overrides(args)
    options = ("count", "steps", "seed", "batch_size", "out")
    values = {name: getattr(args, name) for name in options}
    given = [f"--{k.replace('_', '-')}={v}" for k, v in values.items() if v is not None]
    return [NAME, *named.words(), *given]


def _draw(args: argparse.Namespace, plugins: Plugins) -> None:
    from secantfw.assembly.build import build
    from secantfw.assembly.trained_steps import default_steps, steps_warning
    from secantfw.interfaces.solver import Solver
    from secantfw.runtime.progress import Progress
    from secantfw.sampling.draw import draw, starts
    from secantfw.sampling.field import student_field
    from secantfw.sampling.shard import WHOLE, read_shard
    from secantfw.sampling.store import Store

    shard = WHOLE if args.shard is None else read_shard(args.shard)
    named = run_and_overrides(args)
    trained = load_trained(named.directory, named.overrides, plugins, allowed=named.allowed)
    built = trained.built
    spec = built.dataset.spec
    field = student_field(trained.student, built.path, built.experiment.guidance, spec.num_classes)
    solver: Solver = build(built.experiment.solver)  # type: ignore[assignment]
    steps = default_steps(built) if args.steps is None else args.steps
    warning = steps_warning(built, [(solver, steps)])
    if warning and shard.index == 0:
        warn(warning)
    rows = built.experiment.evaluate.keys.compute_batch
    args.out.mkdir(parents=True, exist_ok=True)
    store = Store(args.out, built.dataset, args.count, args.batch_size)
    with Progress(-(-args.count // shard.parts), 0, "samples", bar=shard.parts == 1) as progress:
        for start in starts(spec, args.seed, args.count, rows, built.device, shard):
            store.add(draw(field, solver, start, steps), start.numbers)
            progress.more(len(start.numbers))
        store.flush()
