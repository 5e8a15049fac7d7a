"""A metric against NFE, a line for each group, bars for the spread over seeds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from secantfw.comparison.comparison import NumberLine, NumberTable
from secantfw.comparison.groups import setting
from secantfw.pictures.palette import MUTED, PAPER, Look, several
from secantfw.pictures.series import STUDENT
from secantfw.pictures.svg import chart_style, inline_svg
from secantfw.reporting.evaluation_chart import evaluation_scales

#: More lines than this hide each other; the table has them all.
_MOST_LINES = 9
_OTHERS = ("s", "^", "D", "v", "P", "X")


def number_chart(number: int, table: NumberTable, keys: Sequence[str]) -> str:
    """Inline SVG; empty where a chart says no more than the table."""
    from matplotlib.figure import Figure

    means = [c.spread.mean for line in table.lines for c in line.cells if c is not None]
    values = [value for value in means if value is not None]
    if len(table.budgets) < 2 or not values or len(table.lines) > _MOST_LINES:
        return ""
    name = f"chart-{number}"
    with chart_style(name):
        figure = Figure(figsize=(5.2, 4.0), layout="constrained")
        axes = figure.add_subplot()
        for line, look in _looks(table):
            _draw(axes, line, look, _label(line, keys))
        evaluation_scales(axes, table.budgets, values)
        axes.set_xlabel("NFE per sample")
        axes.set_ylabel(table.column.title)
        figure.legend(loc="outside upper left", ncols=2, columnspacing=1.4, handlelength=2.4)
        return inline_svg(figure, name, f"{table.column.title} against NFE")


def _looks(table: NumberTable) -> Iterator[tuple[NumberLine, Look]]:
    """Each line and how it is drawn: students in colours, the rest in grey."""
    students = sum(line.series.model == STUDENT for line in table.lines)
    look_of, others = iter(several(students)), itertools.cycle(_OTHERS)
    for line in table.lines:
        student = line.series.model == STUDENT
        yield line, next(look_of) if student else Look(MUTED, next(others))


def _draw(axes: Any, line: NumberLine, look: Look, label: str) -> None:
    """Means over NFE, with bars of one deviation where one is known."""
    points = [
        (c.nfe, c.spread.mean, c.spread.deviation or 0.0)
        for c in line.cells
        if c is not None and c.spread.mean is not None
    ]
    if not points:
        return
    x, y, bars = zip(*points, strict=True)
    student = line.series.model == STUDENT
    axes.errorbar(
        x,
        y,
        yerr=bars if any(bars) else None,
        color=look.colour,
        marker=look.marker,
        markersize=6,
        markerfacecolor=look.colour if student else PAPER,
        linewidth=2.0 if student else 1.2,
        linestyle="-" if student else (0, (4, 2)),
        capsize=3,
        label=label,
    )


def _label(line: NumberLine, keys: Sequence[str]) -> str:
    """What one group changes, or the model that several share."""
    if len(line.groups) > 1:
        return str(line.series)
    said = ", ".join(setting(line.groups[0], key) for key in keys[:2])
    said = f"{line.groups[0].letter}: {said}" if said else str(line.series)
    return said if line.series.model == STUDENT else f"{said}, {line.series}"
