"""A mutant: a wrong function, or a wrong value, in the place of a right one of secantfw.

Each is declared beside the row of the table that must see it:

    @mutant("runtime.metrics_log:MetricsLog.sync", "R3")
    def a_log_is_not_flushed(sync):
        return lambda self: None

The function is given what stands in that place, and returns what takes its place. A module that
imports a name has a place of its own for it: only there it is changed.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen
class Mutant:
    """`place` is MODULE:NAME or MODULE:CLASS.NAME in secantfw; each of `rows` must see it."""

    place: str
    rows: tuple[str, ...]
    wrong: Callable[[Any], Any]

    def __str__(self) -> str:
        return self.wrong.__name__

    def found(self) -> tuple[Any, str, Any]:
        """The module or class that is changed, the name in it, and what stands there.

        Raises:
            ImportError: there is no such module.
            AttributeError: there is no such name.
        """
        module, _, names = self.place.partition(":")
        *outer, name = names.split(".")
        owner = functools.reduce(getattr, outer, importlib.import_module(f"secantfw.{module}"))
        return owner, name, getattr(owner, name)

    def inject(self) -> None:
        """In a fork, whose end undoes it."""
        owner, name, right = self.found()
        setattr(owner, name, self.wrong(right))


#: By name, once the modules of the rows are imported.
MUTANTS: dict[str, Mutant] = {}


def mutant(place: str, *rows: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Declare what is decorated as a mutant."""

    def declare(wrong: Callable[[Any], Any]) -> Callable[[Any], Any]:
        made = Mutant(place, rows, wrong)
        assert str(made) not in MUTANTS, f"two mutants are called {made}"
        MUTANTS[str(made)] = made
        return wrong

    return declare


def nothing(*_given: object, **_named: object) -> None:
    """In the place of a function that is called for what it does."""
