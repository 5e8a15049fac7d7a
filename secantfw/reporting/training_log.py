"""metrics.jsonl as curves: one value a step, however often the run was killed and resumed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import median
from typing import Any

import attrs

#: More points than this are averaged in runs of equal length: the eye cannot tell, the file can.
MOST_POINTS = 600


@attrs.frozen
class Curve:
    """A scalar over training steps."""

    key: str
    steps: tuple[float, ...]
    values: tuple[float, ...]


@attrs.frozen
class TrainingLog:
    """The log's entries, ascending in step, each step once."""

    entries: tuple[dict[str, Any], ...] = ()

    def curve(self, key: str) -> Curve | None:
        """The scalar `key`, thinned for drawing; None if it was never logged."""
        points = [(e["step"], e[key]) for e in self.entries if isinstance(e.get(key), int | float)]
        if not points:
            return None
        length = math.ceil(len(points) / MOST_POINTS)
        runs = [points[i : i + length] for i in range(0, len(points), length)]
        steps = tuple(sum(step for step, _ in run) / len(run) for run in runs)
        values = tuple(sum(value for _, value in run) / len(run) for run in runs)
        return Curve(key, steps, values)

    def typical(self, key: str) -> float | None:
        """The median of a scalar; None if it was never logged."""
        values = [e[key] for e in self.entries if isinstance(e.get(key), int | float)]
        finite = [value for value in values if math.isfinite(value)]
        return float(median(finite)) if finite else None

    @property
    def last_step(self) -> int | None:
        return int(self.entries[-1]["step"]) if self.entries else None


def read_training_log(file: Path) -> TrainingLog:
    """The log, empty if there is none. A line cut short by a killed run is left out."""
    if not file.is_file():
        return TrainingLog()
    by_step: dict[int, dict[str, Any]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict) and isinstance(entry.get("step"), int):
            by_step[entry["step"]] = entry  # what a resumed run logged again replaces the first
    return TrainingLog(tuple(by_step[step] for step in sorted(by_step)))
