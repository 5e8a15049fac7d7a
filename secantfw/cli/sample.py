"""`secantfw sample RUN`: draw numbered samples from a trained run."""

from __future__ import annotations

import argparse

from secantfw.cli.arguments import add_run_and_overrides, out_path, run_and_overrides
from secantfw.cli.loading_run import load_trained
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

NAME = "sample"
HELP = "draw samples from a trained run: a PNG each, or a safetensors per batch for other data"
_MOST = 10_000_000  # as many as a count of files can be meant to be


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "guidance.scale=1.5")
    parser.add_argument("--count", type=int, default=64, help="how many (64)")
    parser.add_argument("--steps", type=int, default=4, help="solver steps (4)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the noise (0)")
    parser.add_argument("--batch-size", type=int, default=64, help="rows the network sees (64)")
    parser.add_argument("--out", type=out_path, required=True, help="folder for the samples")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    for name in ("count", "steps", "batch_size"):
        if getattr(args, name) < 1:
            raise UserError(f"sample: --{name.replace('_', '-')} must be at least 1")
    if args.count > _MOST:
        raise UserError(f"sample: --count must be at most {_MOST:_}")
    from secantfw.interfaces.solver import Solver
    from secantfw.sampling.draw import draw, starts
    from secantfw.sampling.field import student_field
    from secantfw.sampling.store import store
    from secantfw.training.build import build

    named = run_and_overrides(args)
    trained = load_trained(named.directory, named.overrides, plugins)
    built = trained.built
    spec = built.dataset.spec
    field = student_field(trained.student, built.path, built.experiment.guidance, spec.num_classes)
    solver: Solver = build(built.experiment.solver)  # type: ignore[assignment]
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        for start in starts(spec, args.seed, args.count, args.batch_size, built.device):
            store(args.out, built.dataset, draw(field, solver, start, args.steps), start.numbers)
    except OSError as error:
        raise UserError(f"{args.out}: cannot be written ({error.strerror})") from error
    print(f"{args.count} samples in {args.out}")
    return int(ExitCode.DONE)
