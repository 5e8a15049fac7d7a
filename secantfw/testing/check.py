"""Check: one named claim about a component, and the two ways in which it does not hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import attrs

from secantfw.testing.subject import Subject


class ConformanceFailure(AssertionError):
    """The component breaks the claim; the text is the reason, in one line."""


class Skip(Exception):
    """The claim does not apply to the component; the text says why, in one line."""


CheckFunction: TypeAlias = Callable[[Subject], None]


@attrs.frozen
class Check:
    """`run(subject)` returns, raises `ConformanceFailure`, or raises `Skip`."""

    name: str
    run: CheckFunction

    @property
    def claim(self) -> str:
        """The sentence that the check holds the component to."""
        return (self.run.__doc__ or self.name).split("\n\n")[0].replace("\n    ", " ")


def check_of(function: CheckFunction) -> Check:
    """The check that a function called `check_...` makes."""
    return Check(function.__name__, function)


def require(held: object, reason: str) -> None:
    """Raise `ConformanceFailure(reason)` unless `held`."""
    if not held:
        raise ConformanceFailure(reason)
