"""`load`: one experiment file, with overrides, from disk to `Experiment`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import attrs

from secantfw.discovery.records import Plugins
from secantfw.errors import ExperimentError, Problem
from secantfw.experiment.document import Document, merge
from secantfw.experiment.experiment import Experiment
from secantfw.experiment.extends import read_layers
from secantfw.experiment.hooks import hook_problems, locate
from secantfw.experiment.null_class import null_class_warnings
from secantfw.experiment.overrides import overrides_layer
from secantfw.experiment.resolve import resolve
from secantfw.experiment.write import plain, to_toml

_DIGEST_LENGTH = 12


@attrs.frozen(eq=False)
class LoadedExperiment:
    """An experiment with where each of its values came from."""

    experiment: Experiment
    document: Document
    files: tuple[Path, ...]  # all that were read, in order; local plug-ins last
    digest: str  # of the resolved text and the local plug-ins: equal digests, equal experiments
    missing: tuple[Problem, ...] = ()  # files that are not there, if it was loaded without them
    warnings: tuple[Problem, ...] = ()  # what is to be known, and stops nothing

    def located(self, problem: Problem) -> Problem:
        """A problem that knows its key only, with the file and line of that key."""
        return self.document.located(problem)


def load(
    file: Path | str,
    overrides: Sequence[str],
    plugins: Plugins,
    *,
    without_files: bool = False,
) -> LoadedExperiment:
    """Read `file` and all it extends, lay `overrides` over it, and structure the result.

    Its local plug-ins are loaded into `plugins`. With `without_files`, files of components that
    are not there are no problem yet: they are listed in `missing`.

    Raises:
        ExperimentError: everything that is wrong with it, by file and line.
    """
    layers = read_layers(locate(Path(file), plugins))
    document = merge(layers, overrides_layer(overrides))
    missing: list[Problem] = []
    experiment = resolve(document, plugins, missing if without_files else None)
    found = [*null_class_warnings(experiment), *hook_problems(experiment, plugins)]
    problems = [document.located(p) for p in found]
    if not all(problem.warning for problem in problems):
        raise ExperimentError(problems)
    read = [layer.file for layer in layers if layer.file is not None]
    files = dict.fromkeys([*read, *experiment.local_plugins])
    digest = _digest(experiment, document)
    return LoadedExperiment(
        experiment, document, tuple(files), digest, tuple(missing), tuple(problems)
    )


def resolved_toml(loaded: LoadedExperiment, origins: bool = False) -> str:
    """TOML that resolves to the same experiment; with `origins`, where each value came from."""
    tables = plain(loaded.experiment, loaded.document)
    return to_toml(tables, loaded.document.origin if origins else None)


def _digest(experiment: Experiment, document: Document) -> str:
    content = hashlib.sha256(to_toml(plain(experiment, document), None).encode())
    for file in experiment.local_plugins:
        content.update(hashlib.sha256(file.read_bytes()).digest())
    return content.hexdigest()[:_DIGEST_LENGTH]
