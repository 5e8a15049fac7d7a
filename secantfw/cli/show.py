"""`secantfw show FILE`: the resolved experiment, of a run too: TOML that can be run again."""

from __future__ import annotations

import argparse
from pathlib import Path

from secantfw.errors import ExitCode
from secantfw.experiment.load import load, resolved_toml
from secantfw.experiment.read import RESOLVED
from secantfw.plugin.loader import Plugins
from secantfw.runtime.terminal import put
from secantfw.training.run_directory import open_run

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
    if not any(Path(args.file).glob(f"**/{RESOLVED}")):  # a file, or a folder without runs
        return _show(args.file, args, plugins)
    resolved = open_run(Path(args.file)) / RESOLVED
    if not args.origins or args.overrides:
        return _show(resolved, args, plugins)
    put(resolved.read_text(encoding="utf-8"), end="")  # it says the origins itself
    return int(ExitCode.DONE)


def _show(file: Path | str, args: argparse.Namespace, plugins: Plugins) -> int:
    loaded = load(file, args.overrides, plugins)
    put(resolved_toml(loaded, args.origins), end="")
    return int(ExitCode.DONE)
