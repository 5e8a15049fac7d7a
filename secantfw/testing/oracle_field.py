"""OracleField: the oracle as what solvers integrate, with its calls recorded."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Field
from secantfw.testing.oracle import Oracle


@attrs.frozen(eq=False)
class FieldCall:
    """One call of the field; s is None for a tangent."""

    t: Tensor
    s: Tensor | None
    cond: Cond
    rows: int


@attrs.define(eq=False)
class OracleField(Field):
    """Exact tangents, and exact secants where the solver may have them; of x's dtype."""

    oracle: Oracle
    has_secants: bool = True
    calls: list[FieldCall] = attrs.field(factory=list)

    @property
    def path(self) -> Path:  # type: ignore[override]
        return self.oracle.path

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self.calls.append(FieldCall(t, None, cond, len(x)))
        return self.oracle.tangent(x.double(), t.double()).to(x.dtype)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        if not self.has_secants:
            raise UserError("calls field.secant, and `requires` does not name 'secant'")
        self.calls.append(FieldCall(t, s, cond, len(x)))
        return self.oracle.secant(x.double(), t.double(), s.double()).to(x.dtype)

    def times(self) -> Tensor:
        """Every time that was asked for."""
        found = [time for call in self.calls for time in (call.t, call.s) if time is not None]
        return torch.cat(found)
