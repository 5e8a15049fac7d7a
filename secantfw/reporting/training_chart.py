"""A scalar of the training log over steps, with a running mean where there is much noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from secantfw.pictures.palette import INK
from secantfw.pictures.svg import chart_style, inline_svg
from secantfw.reporting.training_log import Curve

#: With fewer points than this the line itself is clearer than any mean of it.
_LEAST_TO_SMOOTH = 40


def training_chart(curve: Curve, label: str) -> str | None:
    """Inline SVG of one curve; None for one of fewer than two finite values."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    finite = [value for value in curve.values if math.isfinite(value)]
    if len(finite) < 2:
        return None
    name = f"training-{curve.key}"
    with chart_style(name):
        figure = Figure(figsize=(4.8, 3.1), layout="constrained")
        axes = figure.add_subplot()
        _draw(axes, curve)
        if min(finite) > 0 and max(finite) > 8 * min(finite):
            _log_axis(axes)
        axes.set_xlabel("training step")
        axes.set_ylabel(label)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        if axes.get_legend_handles_labels()[1]:
            figure.legend(loc="outside upper left", ncols=2, handlelength=1.6)
        return inline_svg(figure, name, f"{label} over training steps")


def _draw(axes: Any, curve: Curve) -> None:
    smooth = len(curve.values) >= _LEAST_TO_SMOOTH
    raw: dict[str, Any] = {"color": INK, "linewidth": 1.6}
    if smooth:
        raw = {"color": INK, "alpha": 0.3, "linewidth": 0.9, "label": "logged"}
    axes.plot(curve.steps, curve.values, **raw)
    if smooth:
        window = max(3, len(curve.values) // 20)
        mean = running_mean(curve.values, window)
        axes.plot(curve.steps, mean, color=INK, linewidth=1.8, label="running mean")


def running_mean(values: Sequence[float], window: int) -> list[float]:
    """The mean of the finite values within `window` points before and after; NaN for none."""
    means: list[float] = []
    for i in range(len(values)):
        near = [v for v in values[max(0, i - window) : i + window + 1] if math.isfinite(v)]
        means.append(sum(near) / len(near) if near else math.nan)
    return means


def _log_axis(axes: Any) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(base=10, subs=(1, 2, 5), numticks=10))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
