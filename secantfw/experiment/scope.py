"""Scope: what every step of structuring shares: the document, the registry, the problems found."""

from __future__ import annotations

import attrs

from secantfw.discovery.registry import Registry
from secantfw.errors import Problem
from secantfw.experiment.document import Document
from secantfw.experiment.keys import KeyPath


@attrs.define(eq=False)
class Scope:
    """Collects problems, so that all are reported at once."""

    document: Document
    registry: Registry
    problems: list[Problem] = attrs.field(factory=list)
    #: Files that are not there, where the caller can do without them; None: they are problems.
    missing: list[Problem] | None = None

    def add(self, key: KeyPath, what: str) -> None:
        self.problems.append(self.document.problem(key, what))

    def lack(self, key: KeyPath, what: str, path: str) -> str | None:
        """Note that the file `path` is not there; `path` where that is no problem, else None."""
        problem = self.document.problem(key, what)
        if self.missing is None:
            self.problems.append(problem)
            return None
        self.missing.append(problem)
        return path
