"""`secantfw baselines FILE`: search the teacher's best solver, grid and guidance at each NFE."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put, say

if TYPE_CHECKING:
    from secantfw.baselines.records import Baselines

NAME = "baselines"
_RUNGS = "256,1024,4096,10000"
_CEILING_SAMPLES = "1024,2048,4096,10000"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="experiment (TOML)")
    parser.add_argument(
        "overrides", nargs="*", default=[], metavar="key=value", help="e.g. guidance.scale=2"
    )
    parser.add_argument("--nfe", metavar="N,N", help="NFE to search (those of [evaluate])")
    parser.add_argument(
        "--out", type=out_path, help="the file (baselines/FINGERPRINT.json, where runs look)"
    )
    parser.add_argument(
        "--rungs", metavar="N,N", default=_RUNGS, help=f"samples of successive halving ({_RUNGS})"
    )
    parser.add_argument(
        "--ceiling",
        metavar="N,N",
        default="50,100",
        help="calls of the teacher by the ceiling, or none (50,100)",
    )
    parser.add_argument(
        "--ceiling-samples",
        metavar="N,N",
        default=_CEILING_SAMPLES,
        help=f"numbers of samples it is given at ({_CEILING_SAMPLES})",
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.runtime.files import disk_errors_said
    from secantfw.runtime.signals import exit_code, terminable
    from secantfw.search.task import Asked, find_and_write

    asked = Asked(
        file=args.file,
        overrides=tuple(args.overrides),
        out=args.out,
        nfe=() if args.nfe is None else _numbers("--nfe", args.nfe),
        rungs=_numbers("--rungs", args.rungs),
        ceiling_calls=() if args.ceiling == "none" else _numbers("--ceiling", args.ceiling),
        ceiling_samples=_numbers("--ceiling-samples", args.ceiling_samples),
    )
    try:
        with terminable(), disk_errors_said(args.out or Path(NAME)):
            done = find_and_write(asked, plugins, say)
    except KeyboardInterrupt as error:
        say("stopped; what was measured is kept, and the same command goes on")
        return int(exit_code(error))
    _print(done.baselines)
    put(f"baselines: {done.file}")
    return int(ExitCode.DONE)


def _numbers(option: str, text: str) -> tuple[int, ...]:
    """Rising numbers from 1, of `1,2,4`."""
    parts = [part.strip() for part in text.split(",")]
    found = [int(part) for part in parts if part.isdecimal() and len(part) < 10]
    if len(found) != len(parts) or min(found) < 1 or sorted(set(found)) != found:
        raise UserError(f"baselines: {option}: expected rising numbers such as 1,2,4, got {text}")
    return tuple(found)


def _print(baselines: Baselines) -> None:
    """Finalists and ceilings, a line each."""
    lines = [("NFE", "metric", "solver", "samples", "value")]
    for nfe, finalists in sorted(baselines.finalists.items()):
        for f in finalists:
            value = f"{f.score:.4g}"
            lines.append((str(nfe), f.objective, str(f.candidate), str(f.samples), value))
    for c in baselines.ceilings:
        values = [(key, f"{value:.4g}") for key, value in c.values.items()]
        lines += [("", key, f"ceiling: {c.name}", str(c.samples), text) for key, text in values]
    _table(lines)
    for line in baselines.dropped:
        put(f"dropped: {line}")


def _table(lines: Sequence[tuple[str, ...]]) -> None:
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        put("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip())
