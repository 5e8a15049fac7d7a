"""The guidance that a row's samples are drawn under. Imports no torch."""

from __future__ import annotations

import attrs

from secantfw.experiment.experiment import Experiment
from secantfw.experiment.schema import Guidance


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
        parts = [f"w={self.scale:g}"]
        parts += [f"t>{low:g}"] if low > 0 else []
        parts += [f"t<={high:g}"] if high < 1 else []
        return " ".join(parts)

    def applied_to(self, guidance: Guidance) -> Guidance:
        """`[guidance]` with this scale and interval."""
        return attrs.evolve(guidance, scale=self.scale, interval=self.interval)


def evaluated_guidances(experiment: Experiment) -> tuple[RowGuidance, ...]:
    """Those under which the student is evaluated: each scale, in the experiment's interval."""
    scales = experiment.evaluate.keys.guidance or (experiment.guidance.scale,)
    return tuple(RowGuidance(scale, experiment.guidance.interval) for scale in scales)
