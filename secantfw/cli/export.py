"""`secantfw export RUN --out FILE`: a run's weights as one self-describing safetensors file."""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path

from secantfw.cli.arguments import out_path
from secantfw.cli.loading_run import load_trained
from secantfw.errors import ExitCode, UserError
from secantfw.plugin.loader import Plugins

NAME = "export"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="RUN", help="run directory")
    parser.add_argument("--out", type=out_path, required=True, metavar="FILE", help="new file")
    parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
    parser.add_argument(
        "--tangent",
        action="store_true",
        help="the one-time weights of v(x, t) = f(x, t, t), for use as a teacher",
    )
    parser.add_argument("--live", action="store_true", help="live weights instead of the average")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    import torch

    from secantfw.weights import save_weights

    trained = load_trained(args.directory, [], plugins, "student" if args.live else "ema")
    student = trained.student
    tensors = student.tangent_weights() if args.tangent else student.state_dict()
    note = {
        "run": trained.directory.name,
        "checkpoint": trained.checkpoint.name,
        "title": trained.built.experiment.title,
        "weights": "live" if args.live else "ema",
        "command": shlex.join(["secantfw", *sys.argv[1:]]),
    }
    try:
        save_weights(
            args.out, tensors, trained.built.header(), dtype=getattr(torch, args.dtype), note=note
        )
    except OSError as error:
        raise UserError(f"{args.out}: cannot be written ({error.strerror})") from error
    print(f"{args.out}: {len(tensors)} tensors, {args.out.stat().st_size:,} bytes")
    return int(ExitCode.DONE)
