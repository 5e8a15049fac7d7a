"""`secantfw export RUN --out FILE`: a run's weights as one self-describing safetensors file.

With `--to NAME` the plug-in that owns the network writes them as another project reads them.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from secantfw.cli.arguments import add_run_and_overrides, out_path, run_and_overrides
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put, warn
from secantfw.runtime.writing import replacing, temporary_beside, unwritable_said
from secantfw.session.trained import TrainedRun, load_trained

if TYPE_CHECKING:
    import torch

    from secantfw.assembly.build import Built
    from secantfw.interfaces.weights_format import ExportedFiles

NAME = "export"
_OWN = "safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_and_overrides(parser, "teacher.weights=PLACE, where a file has moved")
    parser.add_argument(
        "--out", type=out_path, required=True, metavar="FILE", help="new file or folder"
    )
    parser.add_argument(
        "--to",
        default=_OWN,
        metavar="NAME",
        help=f"{_OWN} (one file, the default), or a format of the network's plug-in: diffusers",
    )
    parser.add_argument(
        "--steps",
        type=int,
        help="for a format with one time: the number of steps it is for (what the student was "
        "trained for, else 4)",
    )
    parser.add_argument("--dtype", choices=("float32", "float16", "bfloat16"), default="float32")
    parser.add_argument(
        "--tangent",
        action="store_true",
        help="the one-time weights of v(x, t) = f(x, t, t), for use as a teacher",
    )
    parser.add_argument("--live", action="store_true", help="live weights instead of the average")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    import torch

    from secantfw.weights.safetensors import save_weights

    if args.steps is not None and args.steps < 1:
        raise UserError("export: --steps must be at least 1")
    named = run_and_overrides(args)
    weights: Literal["ema", "student"] = "student" if args.live else "ema"
    trained = load_trained(
        named.directory, named.overrides, plugins, weights, allowed=named.allowed
    )
    if args.to != _OWN:
        return _to_another(args, trained, plugins)
    student = trained.student
    tensors = student.tangent_weights() if args.tangent else student.state_dict()
    note = _note(args, trained)
    header, dtype = trained.built.header(), getattr(torch, args.dtype)
    if args.out.is_dir():
        raise UserError(f"{args.out}: cannot be written (Is a directory)")
    with unwritable_said(args.out), replacing(args.out) as temporary:
        save_weights(temporary, tensors, header, dtype=dtype, note=note)
    put(f"{args.out}: {len(tensors)} tensors, {args.out.stat().st_size:,} bytes")
    return int(ExitCode.DONE)


def _note(args: argparse.Namespace, trained: TrainedRun) -> dict[str, str]:
    return {
        "run": trained.directory.name,
        "checkpoint": trained.checkpoint.name,
        "title": trained.built.experiment.title,
        "weights": "live" if args.live else "ema",
        "command": shlex.join(["secantfw", *sys.argv[1:]]),
    }


def _to_another(args: argparse.Namespace, trained: TrainedRun, plugins: Plugins) -> int:
    """Ask the format of that name in the plug-in of the network, and write its folder."""
    import torch

    from secantfw.interfaces.weights_format import Export
    from secantfw.weights.formats import format_that_exports

    built, header = trained.built, trained.built.header()
    named = format_that_exports(plugins, header.component, args.to)
    times, scales = ((), ()) if args.tangent else _grid(built, _steps(args.steps, built))
    found = named.export(Export(trained.student.cpu(), header, times, scales))
    if built.experiment.guidance.scale != 1 and not scales:
        warn("guidance.scale is no part of the weights")
    _write_folder(args.out, found, _note(args, trained), getattr(torch, args.dtype))
    names = ", ".join([found.weights_name, *found.texts])
    put(f"{args.out}: {names}")
    return int(ExitCode.DONE)


def _steps(asked: int | None, built: Built) -> int:
    """The number asked for, with a warning where the student was trained for another."""
    from secantfw.assembly.trained_steps import default_steps, steps_warning

    steps = default_steps(built) if asked is None else asked
    warning = steps_warning(built, [(built.solver, steps)])
    if warning:
        warn(warning)
    return steps


def _grid(built: Built, steps: int) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The N + 1 times of the run's solver, and the N scales of a student with a guidance range.

    Raises:
        UserError: it does not go straight from noise to data, each step where the last one ended.
    """
    import torch

    from secantfw.assembly.trained_steps import secants_taken
    from secantfw.sampling.guidance import scale_at

    starts, ends = (t.double() for t in secants_taken(built, built.solver, steps))
    times = torch.cat((starts, ends[-1:]))
    if not torch.equal(starts[1:], ends[:-1]):
        name = built.experiment.solver.full_name
        raise UserError(f"export: {name} is more than steps along secants; take solver.use=secant")
    guidance = built.experiment.guidance
    if guidance.range is None:
        return tuple(times.tolist()), ()
    scales = scale_at(times[:-1], guidance.scale, guidance.interval)
    return tuple(times.tolist()), tuple(scales.tolist())


def _write_folder(
    out: Path, found: ExportedFiles, note: dict[str, str], dtype: torch.dtype
) -> None:
    """A new folder, whole or not at all.

    Raises:
        UserError: something is there already, or it cannot be written.
    """
    from secantfw.weights.safetensors import write_tensors

    if out.exists():
        raise UserError(f"{out}: is there already; name a new folder")
    unfinished = temporary_beside(out)
    tensors = {key: t.detach().to(dtype).contiguous().clone() for key, t in found.tensors.items()}
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        unfinished.mkdir()
        write_tensors(unfinished / found.weights_name, tensors, {"format": "pt", **note})
        for name, text in found.texts.items():
            (unfinished / name).write_text(text, encoding="utf-8")
        os.replace(unfinished, out)
    except OSError as error:
        raise UserError(f"{out}: cannot be written ({error.strerror})") from error
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
