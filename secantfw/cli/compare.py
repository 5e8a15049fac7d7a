"""`secantfw compare RUN...`: what differs between runs, and what came of it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.cli.arguments import out_path
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.experiment.read import RESOLVED
from secantfw.runtime.find_runs import runs_below
from secantfw.runtime.terminal import draw, put

if TYPE_CHECKING:
    from secantfw.comparison.comparison import Comparison

NAME = "compare"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "runs", type=Path, nargs="+", metavar="RUN", help="run directory, or a folder of them"
    )
    parser.add_argument("--baseline", type=Path, metavar="RUN", help="what to divide by")
    parser.add_argument(
        "--out", type=out_path, metavar="DIR", help="also write compare.md, .csv and .html there"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.comparison.comparison import compare
    from secantfw.comparison.read_many import read_many
    from secantfw.comparison.run_record import read_compared
    from secantfw.runtime.run_directory import open_run

    directories = list(run_directories(args.runs))
    if args.baseline is not None:
        open_run(args.baseline)
    runs = read_many(directories)
    baseline = None if args.baseline is None else read_compared(args.baseline)
    show(compare(runs, baseline), args.out)
    return int(ExitCode.DONE)


def run_directories(named: Sequence[Path]) -> Iterable[Path]:
    """The runs that are named, and those below folders that are named, once each, by name.

    Raises:
        UserError: neither a run nor a folder with one.
    """
    found: dict[Path, None] = {}
    for place in named:
        below = sorted(run.resolve() for run in runs_below(place))
        if not below:
            raise UserError(f"{place}: not a run directory, and none is below it (no {RESOLVED})")
        found.update(dict.fromkeys(below))
    return found


def show(comparison: Comparison, out: Path | None) -> None:
    """The tables on standard output, and in files where `out` is given."""
    from secantfw.comparison.write import terminal, write_comparison

    draw(terminal(comparison), width=140)
    if out is not None:
        for file in write_comparison(comparison, out):
            put(f"comparison: {file}")
