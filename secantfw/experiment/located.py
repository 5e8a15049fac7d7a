"""Problems that know only their key, given the file and the line of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from secantfw.errors import ExperimentError
from secantfw.experiment.load import LoadedExperiment


@contextmanager
def located(loaded: LoadedExperiment) -> Iterator[None]:
    """Give problems that know only their key its file and line."""
    try:
        yield
    except ExperimentError as error:
        raise ExperimentError(loaded.located(p) for p in error.problems) from error
