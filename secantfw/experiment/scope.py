"""Scope: what every step of structuring shares: the document, the registry, the problems found."""

from __future__ import annotations

import attrs

from secantfw.errors import Problem
from secantfw.experiment.document import Document
from secantfw.experiment.keys import KeyPath
from secantfw.plugin.registry import Registry


@attrs.define(eq=False)
class Scope:
    """Collects problems, so that all are reported at once."""

    document: Document
    registry: Registry
    problems: list[Problem] = attrs.field(factory=list)

    def add(self, key: KeyPath, what: str) -> None:
        self.problems.append(self.document.problem(key, what))
