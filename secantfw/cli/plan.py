"""`secantfw plan FILE... --gpus 8 --gpu h100`: memory, time and disk of a run, beforehand."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, ExperimentError, UserError
from secantfw.experiment.experiment import lacks_files
from secantfw.experiment.load import load
from secantfw.experiment.read import is_override
from secantfw.forecast.gpus import GPUS
from secantfw.runtime.terminal import put
from secantfw.weights.formats import weights_formats

if TYPE_CHECKING:
    from secantfw.forecast.forecast import Forecast

NAME = "plan"

_COLUMNS = (
    "experiment", "a sample", "by", "rows", "GB", "TFLOP/step", "images/s", "s/step", "steps",
    "days",
)  # fmt: skip
_AFTERWARDS = ("afterwards", "rows", "PFLOP", "hours", "GB", "checkpoints, GB")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="experiments, and key=value")
    parser.add_argument("--gpus", type=int, default=1, metavar="N", help="how many (1)")
    parser.add_argument("--gpu", default="h100", metavar="NAME", help=f"{', '.join(GPUS)} (h100)")
    parser.add_argument(
        "--mfu",
        type=float,
        metavar="M",
        help="share of the GPU's peak FLOP/s that is reached, as `run --dry-steps` measures it "
        "(0.3, which is assumed)",
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(overrides=[])  # key=value behind an option


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    words = [*args.files, *args.overrides]
    overrides = [word for word in words if is_override(word) and not Path(word).exists()]
    files = [word for word in words if word not in overrides]
    _check(args, files)
    from secantfw.forecast.forecast import DEFAULT_MFU

    mfu = DEFAULT_MFU if args.mfu is None else args.mfu
    found = [_forecast(file, overrides, args, mfu, plugins) for file in files]
    if args.json:
        records = [
            {"file": file, "gpu": args.gpu, "mfu": mfu, **attrs.asdict(one)}
            for file, one in zip(files, found, strict=True)
        ]
        put(json.dumps(records, indent=2))
        return int(ExitCode.DONE)
    _print(files, found)
    origin = "assumed; measure it with run --dry-steps" if args.mfu is None else "as given"
    put(
        f"on {args.gpus} x {args.gpu} at MFU {mfu:g} ({origin}); rows (/ at once) and GB are of "
        "one GPU; F and B: evaluations of a sample, forward and backward; evaluated in fp32"
    )
    return int(ExitCode.DONE)


def _check(args: argparse.Namespace, files: Sequence[str]) -> None:
    if not files:
        raise UserError("plan: name at least one experiment FILE")
    if args.gpu not in GPUS:
        raise UserError(f"plan: --gpu {args.gpu}: expected one of {', '.join(GPUS)}")
    if args.gpus < 1:
        raise UserError("plan: --gpus must be at least 1")
    if args.mfu is not None and not 0 < args.mfu <= 1:
        raise UserError(f"plan: --mfu must be above 0 and at most 1, got {args.mfu:g}")


def _forecast(
    file: str, overrides: Sequence[str], args: argparse.Namespace, mfu: float, plugins: Plugins
) -> Forecast:
    """Of one experiment, with stand-ins for files that are not here."""
    loaded = load(file, overrides, plugins, without_files=True)
    import torch

    from secantfw.assembly.build import build_experiment
    from secantfw.checking.check_built import check_built
    from secantfw.experiment.located import located
    from secantfw.forecast.evaluation_cost import picture_cost
    from secantfw.forecast.forecast import forecast

    train, gpu = loaded.experiment.train, GPUS[args.gpu]
    if not gpu.peak(train.precision):
        raise UserError(f"plan: {args.gpu} computes no bf16; say train.precision=fp16 or fp32")
    if args.gpus > train.batch_size:
        raise UserError(f"plan: {file}: {train.batch_size} rows for {args.gpus} GPUs")
    formats = partial(weights_formats, plugins)
    e = attrs.evolve(loaded.experiment, metrics=())  # their files may be missing
    with located(loaded):
        built = build_experiment(e, torch.device("meta"), formats, without_files=True)
        problems = check_built(built)
        if problems:
            raise ExperimentError(problems)
        known = not lacks_files(e.dataset)
        pictures = picture_cost(built.dataset, e.evaluate.keys.batch_size) if known else None
        return forecast(built, args.gpus, gpu, mfu, pictures)


def _print(files: Sequence[str], found: Sequence[Forecast]) -> None:
    names = [Path(file).stem for file in files]
    _table(_COLUMNS, [(n, *_row(one)) for n, one in zip(names, found, strict=True)])
    put()
    _table(_AFTERWARDS, [(n, *_after(one)) for n, one in zip(names, found, strict=True)])
    for name, one in zip(names, found, strict=True):
        if one.evaluation is not None:
            put(f"{name}: {one.evaluation.text()}")


def _table(head: tuple[str, ...], body: Sequence[tuple[str, ...]]) -> None:
    rows = [head, *body]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    for row in rows:
        cells = [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        put("  ".join([row[0].ljust(widths[0]), *cells]))


def _row(one: Forecast) -> tuple[str, ...]:
    pieces = "" if one.rows_at_once == one.rows else f"/{one.rows_at_once}"
    return (
        one.evaluations,
        one.engine.rpartition(":")[2],
        f"{one.rows}{pieces}",
        f"{one.memory_gb:.1f}{'' if one.fits else ' too much'}",
        f"{one.tflop_per_step:.4g}",
        f"{one.images_per_second:.4g}",
        f"{one.seconds_per_step:.3g}",
        str(one.steps),
        f"{one.days:.3g}",
    )


def _after(one: Forecast) -> tuple[str, ...]:
    """Of the evaluation, and what is on the disk."""
    kept = f"{one.checkpoints} x {one.checkpoint_gb:.3g}"
    if one.evaluation is None:
        return ("none", "", "", "", kept)
    return (
        f"{one.evaluation.rows}",
        f"{one.evaluation.flops / 1e15:.3g}",
        f"{one.evaluation_hours:.3g}",
        f"{one.evaluation_gb:.1f}",
        kept,
    )
