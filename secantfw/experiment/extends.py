"""`extends`: the files an experiment builds on, parents first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from secantfw.errors import ExperimentError
from secantfw.experiment.keys import shown
from secantfw.experiment.layer import Layer
from secantfw.experiment.read import read_layer

KEY = "extends"
MAX_FILES = 64  # a diamond of parents may double the count at each level


def read_layers(file: Path) -> list[Layer]:
    """The layers of `file` in the order in which they are laid over one another, itself last.

    A parent's path is relative to the file that names it and may climb.

    Raises:
        ExperimentError: a file that cannot be read, or a cycle.
    """
    return _with_parents(file, os.path.normpath(file), ())


def _with_parents(file: Path, name: str, children: tuple[Layer, ...]) -> list[Layer]:
    layer = read_layer(file, name)
    layers: list[Layer] = []
    for parent in _parents(layer):
        path = layer.folder / parent
        chain = (*children, layer)
        if not _exists(path):
            raise ExperimentError([layer.problem((KEY,), f"no such file: {shown(parent)}")])
        if any(child.file and _same(child.file, path) for child in chain):
            raise ExperimentError(
                [layer.problem((KEY,), f"{shown(parent)} extends this file again")]
            )
        layers += _with_parents(path, os.path.normpath(Path(name).parent / parent), chain)
        if len(layers) > MAX_FILES:
            raise ExperimentError([layer.problem((KEY,), f"more than {MAX_FILES} files")])
    return [*layers, layer]


def _parents(layer: Layer) -> Iterator[str]:
    value = layer.tables.get(KEY, [])
    parents = [value] if isinstance(value, str) else value
    if not isinstance(parents, list) or not all(isinstance(p, str) and p for p in parents):
        what = "expected a file name or a list of file names"
        raise ExperimentError([layer.problem((KEY,), what)])
    yield from parents


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a loop of links, a name too long, a NUL in it
        return False


def _same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
