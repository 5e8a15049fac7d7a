"""A measured figure beside its limit, and the groups of them that a table is made of."""

from __future__ import annotations

from typing import Literal

import attrs


class PeerAbsent(Exception):
    """Something to compare with is not installed, or no path to it was given."""


@attrs.frozen
class Figure:
    """One line: which gate, what was measured, the limit it is held to (None: shown only)."""

    gate: str  # "P1"
    what: str
    value: float
    unit: str = ""
    limit: float | None = None
    relation: Literal["<=", ">=", "=="] = "<="

    @property
    def met(self) -> bool:
        if self.limit is None:
            return True
        if self.relation == "==":
            return self.value == self.limit
        return self.value <= self.limit if self.relation == "<=" else self.value >= self.limit

    @property
    def said(self) -> str:
        """The value as a table shows it."""
        return f"{self.value:.4g} {self.unit}".strip()

    @property
    def goal(self) -> str:
        return "" if self.limit is None else f"{self.relation} {self.limit:g}"


@attrs.frozen
class PeerLine:
    """One line of the peers' table: a sampler on the same field with the same weights."""

    peer: str
    operations: float  # aten, a step, the network left out
    reads: int  # values that the host reads in 8 steps: a sync each on a device
    microseconds: float  # a step of a field of one operation
    ratio: float  # to the bare loop, same field
    network_ratio: float  # to the bare loop, a tiny SiT at batch 1
