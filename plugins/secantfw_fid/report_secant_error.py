"""The heat map of the student's secant error over (t, s) in a report."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import attrs

from secantfw import ReportedEvaluation, ReportFigure

KEY = "secant_error"


@attrs.frozen
class SecantErrorGrid:
    """error[i][j] of t in bin i and s in bin j; NaN where there is none."""

    t_edges: tuple[float, ...]
    s_edges: tuple[float, ...]
    error: tuple[tuple[float, ...], ...]
    mean: float | None = None

    @property
    def known(self) -> list[float]:
        return [v for row in self.error for v in row if math.isfinite(v) and v > 0]


def secant_error_figures(evaluation: ReportedEvaluation) -> Iterator[ReportFigure]:
    """Of the first row that has a grid; none where it is not what it should be."""
    said = next((row.measured[KEY] for row in evaluation.rows if KEY in row.measured), None)
    grid = None if said is None else _grid(said)
    if grid is None or not grid.known:
        return
    caption = "Secant error of the student against the teacher's fine solve, from t to s"
    average = "" if grid.mean is None else f"; {grid.mean:.3g} on average"
    yield ReportFigure(
        name=KEY,
        description="secant error over t and s",
        draw=partial(_draw, grid),
        caption=f"{caption}{average}.",
    )


def _grid(said: Mapping[str, Any]) -> SecantErrorGrid | None:
    try:
        t, s = (tuple(map(float, said[key])) for key in ("t_edges", "s_edges"))
        error = tuple(tuple(math.nan if v is None else float(v) for v in r) for r in said["error"])
        mean = said.get("mean")
        grid = SecantErrorGrid(t, s, error, None if mean is None else float(mean))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    fits = len(error) == len(t) - 1 and all(len(row) == len(s) - 1 for row in error)
    return grid if fits and len(t) > 1 and len(s) > 1 else None


def _draw(grid: SecantErrorGrid, figure: Any) -> None:
    """Dark where the error is large, on a logarithmic scale."""
    from matplotlib.colors import LogNorm
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes = figure.add_subplot()
    axes.grid(False)
    low, high = min(grid.known), max(grid.known)
    norm = LogNorm(low, high) if high > low else None
    # Drawn as shapes and not as a picture: an image would be a second file inside the page.
    mesh = axes.pcolormesh(
        grid.s_edges, grid.t_edges, grid.error, cmap="viridis_r", norm=norm, edgecolors="face"
    )
    axes.set_xlabel("to s")
    axes.set_ylabel("from t")
    plain = FuncFormatter(lambda value, _: f"{value:g}")
    ticks = LogLocator(subs=(1, 2, 5)) if norm else None
    bar = figure.colorbar(mesh, ax=axes, fraction=0.046, ticks=ticks, format=plain)
    bar.minorticks_off()
    bar.outline.set_visible(False)
    bar.solids.set_rasterized(False)
    bar.solids.set_edgecolor("face")
    bar.set_label("mean squared error")
