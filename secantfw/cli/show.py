"""`secantfw show FILE`: the resolved experiment, a TOML file that can be run again."""

from __future__ import annotations

import argparse

from secantfw.errors import ExitCode
from secantfw.experiment.load import load, resolved_toml
from secantfw.plugin.loader import Plugins

NAME = "show"
HELP = "print the resolved experiment with every default spelt out"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="experiment file (TOML)")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as train.steps=50"
    )
    parser.add_argument(
        "--origins", action="store_true", help="say behind each value where it came from"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    loaded = load(args.file, args.overrides, plugins)
    print(resolved_toml(loaded, args.origins), end="")
    return int(ExitCode.DONE)
