"""`secantfw show FILE`: the resolved experiment, of a run too: TOML that can be run again."""

from __future__ import annotations

import argparse
from os.path import isdir
from pathlib import Path

from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode
from secantfw.experiment.load import load, resolved_toml
from secantfw.experiment.read import read_layer
from secantfw.experiment.write import to_toml
from secantfw.runtime.find_runs import runs_below
from secantfw.runtime.run_directory import resolved_of
from secantfw.runtime.terminal import put_toml

NAME = "show"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="experiment file (TOML), or run directory")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as train.steps=50"
    )
    parser.add_argument(
        "--origins", action="store_true", help="say behind each value where it came from"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    put_toml(_text(args, plugins))
    return int(ExitCode.DONE)


def _has_no_run(said: str) -> bool:
    """Whether it is a folder with no run in it, which is no experiment either."""
    place = Path(said)
    return isdir(said) and next(runs_below(place), None) is None


def _text(args: argparse.Namespace, plugins: Plugins) -> str:
    """What a run has resolved is complete: it is read, and no plug-in of its is loaded."""
    file = None if _has_no_run(args.file) else resolved_of(args.file)
    if file is None or args.overrides:
        return resolved_toml(load(file or args.file, args.overrides, plugins), args.origins)
    layer = read_layer(file, str(file))
    return layer.text if args.origins else to_toml(layer.tables, None)  # it says them itself
