"""Arguments that several verbs take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from os.path import isdir  # unlike Path.is_dir, it takes words too long for a file name
from pathlib import Path

import attrs

from secantfw.errors import UserError
from secantfw.experiment.read import is_override


def out_path(text: str) -> Path:
    """The value of `--out`.

    Raises:
        UserError: an empty text, as an unset shell variable gives; as a path it would be ".".
    """
    if not text:
        raise UserError("--out: expected a path, got ''")
    return Path(text)


def add_run_and_overrides(parser: argparse.ArgumentParser, example: str) -> None:
    """RUN and any number of key=value; `run_and_overrides` tells which is which."""
    parser.add_argument("directory", metavar="RUN", help="run directory")
    parser.add_argument(
        "overrides", nargs="*", default=[], metavar="key=value", help=f"e.g. {example}"
    )
    parser.add_argument(
        "--allow-change",
        action="append",
        default=[],
        metavar="KEY",
        help="the file that this key names may hold something else than in training",
    )


@attrs.frozen
class RunAndOverrides:
    """What `RUN key=value ...` names, in whatever order it was written."""

    directory: Path
    overrides: Sequence[str]
    allowed: Sequence[str] = ()  # files that may hold something else than they did

    def words(self) -> list[str]:
        """As arguments of the same verb."""
        allowed = [f"--allow-change={key}" for key in self.allowed]
        return [str(self.directory), *self.overrides, *allowed]


def run_and_overrides(args: argparse.Namespace) -> RunAndOverrides:
    """The one argument that is no override is the run; the first where all look alike."""
    words = [args.directory, *args.overrides]
    places = [n for n, word in enumerate(words) if not is_override(word) or isdir(word)]
    run = words.pop(places[0] if places else 0)
    return RunAndOverrides(Path(run), words, args.allow_change)
