"""Layer: one source of keys, a file or the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from secantfw.errors import Problem
from secantfw.experiment.keys import KeyPath, dotted
from secantfw.experiment.lines import line_of

COMMAND_LINE = "command line"


@attrs.frozen
class Element:
    """A value for one element of an array, `evaluate.solvers[1]`, or for an option of it."""

    array: tuple[str, ...]
    index: int
    rest: tuple[str, ...]  # the option; empty for the element itself
    value: Any

    @property
    def key(self) -> KeyPath:
        return (*self.array, self.index, *self.rest)


@attrs.frozen(eq=False)
class Layer:
    """The tables of one source. Relative paths in it start at `folder`."""

    shown: str  # the file as the user reads it in messages, or "command line"
    file: Path | None  # absolute; None for the command line
    folder: Path
    text: str
    tables: Mapping[str, Any]
    elements: tuple[Element, ...] = ()  # of arrays beneath

    def line(self, key: KeyPath) -> int | None:
        return None if self.file is None else line_of(self.text, key)

    def problem(self, key: KeyPath, what: str) -> Problem:
        return Problem(what, dotted(key), self.shown, self.line(key))
