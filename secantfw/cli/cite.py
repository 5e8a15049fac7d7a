"""`secantfw cite FILE|RUN`: BibTeX of the papers that an experiment and its components follow."""

from __future__ import annotations

import argparse

from secantfw.discovery.bibliography import bibtex
from secantfw.discovery.records import Plugins
from secantfw.errors import ExitCode
from secantfw.experiment.cited import cited
from secantfw.experiment.load import load
from secantfw.runtime.run_directory import resolved_of
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.terminal import put

NAME = "cite"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE|RUN", help="experiment file, or run directory")
    parser.add_argument(
        "overrides", metavar="KEY=VALUE", nargs="*", default=[], help="such as loss.use=stei"
    )


def run(args: argparse.Namespace, plugins: Plugins) -> int:
    file = resolved_of(args.file)
    kept = RunFolder(file.parent).text("references.bib") if file and not args.overrides else ""
    if file is not None and kept:  # the run has them, and no plug-in of its need be loaded
        put(kept, end="")
        return int(ExitCode.DONE)
    experiment = load(file or args.file, args.overrides, plugins, without_files=True).experiment
    put("\n\n".join(bibtex(cited(experiment), plugins.registry.bibliographies)))
    return int(ExitCode.DONE)
