"""The guidance that a row's samples are drawn under. Imports no torch."""

from __future__ import annotations

import attrs


@attrs.frozen
class RowGuidance:
    """A scale, and the interval of time lo < t <= hi in which it holds."""

    scale: float = 1.0
    interval: tuple[float, float] = (0.0, 1.0)

    def __str__(self) -> str:
        """`w=2 t<=0.5`; empty without guidance."""
        if self.scale == 1.0:
            return ""
        low, high = self.interval
        said = [f"w={self.scale:g}"]
        said += [f"t>{low:g}"] if low > 0 else []
        said += [f"t<={high:g}"] if high < 1 else []
        return " ".join(said)
