"""A seeded bug: one change of the source, and the checks that catch it (others may, too)."""

from __future__ import annotations

import attrs

from ..subject import Patch

FIXED, MARGINALS, COUNTS, REFERENCE = "fixed_point", "marginals", "counts", "reference"


@attrs.frozen
class Mutation:
    """A bug in the loss `loss`, or in what it stands on, and what it is caught by."""

    loss: str
    title: str
    patch: Patch
    caught_by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.loss}: {self.title}"


def mutations(loss: str, *rows: tuple[str, Patch, str]) -> list[Mutation]:
    return [Mutation(loss, title, patch, tuple(by.split())) for title, patch, by in rows]


def own(loss: str, old: str, new: str) -> Patch:
    return Patch(f"secantfw_picard.{loss}", old, new)
