"""metrics.jsonl as curves: one value a step, however often the run was killed and resumed.

A log may have a million lines, so numbers are kept as columns of doubles and not as records.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from secantfw.runtime.json_text import parse_json
from secantfw.runtime.run_folder import RunFolder

#: More points than this are averaged in runs of equal length: the eye cannot tell, the file can.
MOST_POINTS = 600


@attrs.frozen
class Curve:
    """A scalar over training steps."""

    key: str
    steps: tuple[float, ...]
    values: tuple[float, ...]


@attrs.frozen(eq=False)
class Column:
    """The values of a scalar and the numbers, in `TrainingLog.steps`, of the lines they are in."""

    lines: array[int] = attrs.field(factory=lambda: array("l"))
    values: array[float] = attrs.field(factory=lambda: array("d"))


@attrs.frozen(eq=False)
class TrainingLog:
    """The log's lines, ascending in step, each step once."""

    steps: array[int] = attrs.field(factory=lambda: array("q"))
    columns: Mapping[str, Column] = attrs.field(factory=dict)

    def curve(self, key: str) -> Curve | None:
        """The scalar `key`, thinned for drawing; None if it was never logged."""
        column = self.columns.get(key)
        if column is None:
            return None
        length = math.ceil(len(column.values) / MOST_POINTS)
        steps, values = [], []
        for first in range(0, len(column.values), length):
            lines = column.lines[first : first + length]
            steps.append(sum(self.steps[line] for line in lines) / len(lines))
            values.append(sum(column.values[first : first + length]) / len(lines))
        return Curve(key, tuple(steps), tuple(values))

    def typical(self, key: str) -> float | None:
        """The median of a scalar; None if it was never logged."""
        column = self.columns.get(key)
        finite = sorted(filter(math.isfinite, column.values)) if column is not None else []
        if not finite:
            return None
        middle = len(finite) // 2
        return finite[middle] if len(finite) % 2 else (finite[middle - 1] + finite[middle]) / 2

    @property
    def last_step(self) -> int | None:
        return self.steps[-1] if self.steps else None

    @property
    def entries(self) -> tuple[dict[str, Any], ...]:
        """The lines as records, each with its `step`."""
        records: list[dict[str, Any]] = [{"step": step} for step in self.steps]
        for key, column in self.columns.items():
            for line, value in zip(column.lines, column.values, strict=True):
                records[line][key] = value
        return tuple(records)


def read_training_log(file: Path, only: Collection[str] | None = None) -> TrainingLog:
    """The log, or of its scalars those that are named; empty if there is none. A line cut short by
    a killed run is left out.

    Raises:
        UserError: something else of that name is there, or it cannot be read.
    """
    steps, columns = array("q"), dict[str, Column]()
    ascending = True
    for entry in _entries(file):
        step = entry.pop("step")
        ascending = ascending and (not steps or step > steps[-1])
        for key in entry if only is None else entry.keys() & only:
            value = entry[key]
            if isinstance(value, int | float) and not isinstance(value, bool):
                column = columns.get(key)
                if column is None:
                    column = columns[key] = Column()
                column.lines.append(len(steps))
                column.values.append(value)
        steps.append(step)
    return TrainingLog(steps, columns) if ascending else _in_order(steps, columns)


def _entries(file: Path) -> Iterator[dict[str, Any]]:
    """The lines that are records of a step."""
    for line in RunFolder(file.parent).lines(file.name):
        try:
            entry = parse_json(line, nan=True)
        except ValueError:
            continue
        if isinstance(entry, dict) and type(entry.get("step")) is int and entry["step"] >= 0:
            yield entry


def _in_order(steps: array[int], columns: Mapping[str, Column]) -> TrainingLog:
    """What a resumed run logged again replaces the first."""
    last = {step: line for line, step in enumerate(steps)}
    places = {last[step]: place for place, step in enumerate(sorted(last))}
    ordered = {}
    for key, column in columns.items():
        pairs = zip(column.lines, column.values, strict=True)
        kept = sorted((places[line], value) for line, value in pairs if line in places)
        if kept:
            lines, values = zip(*kept, strict=True)
            ordered[key] = Column(array("l", lines), array("d", values))
    return TrainingLog(array("q", sorted(last)), ordered)
