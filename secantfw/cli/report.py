"""`secantfw report RUN`: write a run's report again from its files."""

from __future__ import annotations

import argparse
from contextlib import suppress
from pathlib import Path

from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode, UserError
from secantfw.runtime.terminal import put

NAME = "report"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="RUN", help="run directory")


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    from secantfw.evaluation.publish import settle
    from secantfw.reporting.report import write_report
    from secantfw.runtime.lock import locked
    from secantfw.runtime.run_directory import open_run

    directory = open_run(args.directory)
    with suppress(UserError, OSError), locked(directory):  # in use, or another's: it can be read
        settle(directory)
    put(f"report: {write_report(directory, plugins)}")
    return int(ExitCode.DONE)
