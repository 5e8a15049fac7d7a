"""A metric against NFE, a line for each model under each solver."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from secantfw.assembly.tuned import TUNED
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.measured_row import Column, Row, best_row
from secantfw.pictures.palette import MUTED, PAPER, TEACHER_COLOUR, Look
from secantfw.pictures.series import STUDENT, TEACHER, Series
from secantfw.pictures.svg import chart_style, inline_svg
from secantfw.reporting.number_text import number

#: A teacher that takes this many NFE follows its ODE; fewer are no yardstick.
_MANY = 16
#: Inches: of a chart with its axes and titles, and of two entries of the legend above them.
_HEIGHT, _LEGEND_ROW = 3.4, 0.23


def evaluation_chart(
    evaluation: Evaluation, column: Column, look_of: Mapping[Series, Look]
) -> str | None:
    """Inline SVG on logarithmic axes, the floor as a dashed line; None with nothing to draw."""
    from matplotlib.figure import Figure

    values = [v for row in evaluation.rows if (v := row.finite(column)) is not None]
    if not values:
        return None
    name = f"chart-{evaluation.columns.index(column)}"
    with chart_style(name):
        height = _HEIGHT + _LEGEND_ROW * math.ceil(len(evaluation.series) / 2)
        figure = Figure(figsize=(4.8, height), layout="constrained")
        axes = figure.add_subplot()
        for series in evaluation.series:
            _line(axes, evaluation, column, series, look_of[series])
        _many_steps(axes, evaluation, column)
        _floor(axes, column)
        floor = [column.floor] if column.floor else []
        evaluation_scales(axes, evaluation.budgets(), [*values, *floor], log=column.log_scale)
        for row in evaluation.rows:
            _bars(axes, row, column, look_of[row.series])
        axes.set_xlabel("NFE per sample")
        axes.set_ylabel(column.label)
        figure.legend(loc="outside upper left", ncols=2, columnspacing=1.4, handlelength=2.2)
        return inline_svg(figure, name, f"{column.title} against NFE")


def _line(axes: Any, evaluation: Evaluation, column: Column, series: Series, look: Look) -> None:
    rows = _points(evaluation, column, series)
    # None is drawn as a gap: a line through a failed measurement would hide it.
    values = [math.nan if (v := r.finite(column)) is None else v for r in rows]
    if all(math.isnan(value) for value in values):
        return
    student = series.model == STUDENT
    axes.plot(
        [row.nfe for row in rows],
        values,
        color=look.colour,
        marker=look.marker,
        markersize=6,
        markerfacecolor=look.colour if student else PAPER,
        markeredgewidth=1.4,
        linewidth=2.2 if student else 1.6,
        label=str(series),
        zorder=4 if student else 3,
        clip_on=False,
    )


def _points(evaluation: Evaluation, column: Column, series: Series) -> list[Row]:
    """The rows of a line; of the baselines the best at each NFE."""
    rows = [r for r in evaluation.rows if r.series == series]
    if series.solver != TUNED:
        return rows
    best = (best_row([r for r in rows if r.nfe <= n], column) for n in evaluation.budgets())
    return list({row.nfe: row for row in best if row is not None}.values())


def _bars(axes: Any, row: Row, column: Column, look: Look) -> None:
    """One deviation over seeds either way; on a logarithmic axis it may reach below the chart."""
    value, deviation = row.finite(column), row.deviations.get(column.key)
    if value is None or deviation is None:
        return
    low, high = axes.get_ylim()
    if axes.get_yscale() == "linear":
        low = min(low, value - deviation)
    style = {"fmt": "none", "ecolor": look.colour, "elinewidth": 1.2, "capsize": 3}
    axes.errorbar([row.nfe], [value], [deviation], **style)
    axes.set_ylim(low, max(high, value + deviation))


def _many_steps(axes: Any, evaluation: Evaluation, column: Column) -> None:
    """The teacher in many steps, or its ceiling, as a line across, to see who reaches it."""
    rows = [row for row in evaluation.rows if row.series.model == TEACHER and row.nfe >= _MANY]
    best, ceiling = best_row(rows, column), evaluation.ceiling
    name, value = "ceiling", None if ceiling is None else ceiling.values.get(column.key)
    if value is None and best is not None:
        name, value = f"teacher, {best.solver}, {best.nfe:g} NFE", best.finite(column)
    if value is None:
        return
    style = {"color": TEACHER_COLOUR, "linewidth": 1.5, "linestyle": (0, (1, 1.4))}
    axes.axhline(value, label=f"{name}: {number(value)}", **style)


def _floor(axes: Any, column: Column) -> None:
    if column.floor is not None and math.isfinite(column.floor):
        label = f"real data: {number(column.floor)}"
        axes.axhline(column.floor, color=MUTED, linewidth=1.2, linestyle=(0, (4, 2)), label=label)


def evaluation_scales(
    axes: Any, counts: Sequence[int], values: Sequence[float], *, log: bool = True
) -> None:
    """Logarithmic axes where the numbers allow it, that of the values only where it suits them,
    with labels that do not run together."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if counts[0] > 0:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_spread(counts)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    if log and min(values) > 0:
        axes.set_yscale("log")
        low, high = axes.get_ylim()
        axes.yaxis.set_major_locator(_log_ticks(low, high))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))


def _log_ticks(low: float, high: float) -> Any:
    """More ticks to a decade where there are fewer decades: two labels at least."""
    from matplotlib.ticker import LogLocator

    span = high / low
    subs: tuple[float, ...] = (1, 2, 5) if span < 500 else (1, 3) if span < 5000 else (1,)
    if span < 6:
        subs = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8)
    return LogLocator(base=10, subs=subs, numticks=12)


def _spread(counts: Sequence[int]) -> list[int]:
    """The counts to label: all, unless their labels would run into each other."""
    kept: list[int] = []
    least = (counts[-1] / max(counts[0], 1)) ** (1 / 11) if len(counts) > 1 else 1.0
    for n in counts:
        if not kept or n >= kept[-1] * least:
            kept.append(n)
    return kept
