"""`secantfw cite FILE|RUN`: BibTeX of the papers that an experiment and its components follow."""

from __future__ import annotations

import argparse
from pathlib import Path

from secantfw.errors import ExitCode
from secantfw.experiment.cited import cited
from secantfw.experiment.load import load
from secantfw.experiment.read import RESOLVED
from secantfw.plugin.bibliography import bibtex
from secantfw.plugin.loader import Plugins
from secantfw.runtime.terminal import put
from secantfw.training.run_directory import open_run

NAME = "cite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE|RUN", help="experiment file, or run directory")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as loss.use=stei"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    file = Path(args.file)
    if file.is_dir():
        file = open_run(file) / RESOLVED
    experiment = load(file, args.overrides, plugins, without_files=True).experiment
    put("\n\n".join(bibtex(cited(experiment), plugins.registry.bibliographies)))
    return int(ExitCode.DONE)
