"""The guidance that a row's samples are drawn under. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

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


def student_guidances(experiment: Experiment) -> tuple[RowGuidance, ...]:
    """Those under which the student is evaluated: each scale, in the experiment's interval."""
    scales = experiment.evaluate.keys.guidance or (experiment.guidance.scale,)
    return tuple(RowGuidance(scale, experiment.guidance.interval) for scale in scales)


def teacher_guidances(experiment: Experiment) -> tuple[RowGuidance, ...]:
    """Those of the teacher's rows: the student's, unless `[evaluate]` has some of its own."""
    keys = experiment.evaluate.keys
    scales = keys.teacher_guidance or [one.scale for one in student_guidances(experiment)]
    interval = keys.teacher_interval or experiment.guidance.interval
    return tuple(RowGuidance(scale, interval) for scale in scales)


def guidance_labels(guidances: Iterable[RowGuidance]) -> dict[RowGuidance, str]:
    """What tells each of several from the others: `w=2`, and its interval where those differ."""
    several = tuple(dict.fromkeys(guidances))
    if len(several) < 2:
        return dict.fromkeys(several, "")
    guided = {one.interval for one in several if one.scale != 1.0}
    return {one: (str(one) if len(guided) > 1 else "") or f"w={one.scale:g}" for one in several}
