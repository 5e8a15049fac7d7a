"""`secantfw diff A B`: the keys in which two experiments differ, defaults included."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode
from secantfw.experiment.keys import KeyPath, dotted
from secantfw.experiment.leaves import leaves
from secantfw.experiment.load import load
from secantfw.experiment.read import read_layer
from secantfw.experiment.write import plain, value_text
from secantfw.runtime.run_directory import resolved_of
from secantfw.runtime.terminal import put

NAME = "diff"
RESOLVED = "resolved.toml"
_NOT_SET = "(not set)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("a", metavar="A", help="experiment file or run directory")
    parser.add_argument("b", metavar="B", help="experiment file or run directory")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    one, other = (dict(leaves(_tables(name, plugins))) for name in (args.a, args.b))
    for key in dict.fromkeys([*one, *other]):
        # the name of an experiment is its file's, and the reader has just typed both
        if one.get(key) != other.get(key) and key != ("name",):
            put(f"{dotted(key)}: {_text(one, key)} -> {_text(other, key)}")
    return int(ExitCode.DONE)


def _tables(name: str, plugins: Plugins) -> Mapping[str, Any]:
    """The complete tables; those of a run are read as they are, so that no plug-in is needed."""
    resolved = resolved_of(name)
    if resolved is not None:
        return read_layer(resolved, str(Path(name) / RESOLVED)).tables
    loaded = load(name, (), plugins)
    return plain(loaded.experiment, loaded.document)


def _text(leaves: Mapping[KeyPath, Any], key: KeyPath) -> str:
    return value_text(leaves[key]) if key in leaves else _NOT_SET
