"""Numbers of a step, computed in float64 before the first one and handed out in x's dtype."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def per_step(table: Tensor, x: Tensor) -> Sequence[Tensor]:
    """(N, B) -> N of (B, 1, ...), which broadcast over x (B, *)."""
    return table.to(x.dtype).reshape(*table.shape, *(1,) * (x.ndim - 1)).unbind(0)
