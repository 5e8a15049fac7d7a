"""The student's secant error over (t, s), as evaluation.json has it, and its heat map."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

KEY = "secant_error"


@attrs.frozen
class SecantErrorGrid:
    """error[i][j] of t in bin i and s in bin j; NaN where there is none."""

    t_edges: tuple[float, ...]
    s_edges: tuple[float, ...]
    error: tuple[tuple[float, ...], ...]
    mean: float | None = None


def read_secant_error(rows: Sequence[Mapping[str, Any]]) -> SecantErrorGrid | None:
    """The grid of the first row that has one; None where it is not what it should be."""
    for row in rows:
        said = row.get(KEY)
        if isinstance(said, Mapping):
            return _grid(said)
    return None


def _grid(said: Mapping[str, Any]) -> SecantErrorGrid | None:
    try:
        t, s = (tuple(map(float, said[key])) for key in ("t_edges", "s_edges"))
        error = tuple(tuple(math.nan if v is None else float(v) for v in r) for r in said["error"])
        mean = said.get("mean")
        grid = SecantErrorGrid(t, s, error, None if mean is None else float(mean))
    except (KeyError, TypeError, ValueError):
        return None
    fits = len(error) == len(t) - 1 and all(len(row) == len(s) - 1 for row in error)
    return grid if fits and len(t) > 1 and len(s) > 1 else None


def secant_error_chart(grid: SecantErrorGrid) -> str | None:
    """Inline SVG, dark where the error is large, on a logarithmic scale."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator

    from secantfw.pictures.svg import chart_style, inline_svg

    known = [v for row in grid.error for v in row if math.isfinite(v) and v > 0]
    if not known:
        return None
    with chart_style(KEY):
        figure = Figure(figsize=(4.8, 3.9), layout="constrained")
        axes = figure.add_subplot()
        axes.grid(False)
        low, high = min(known), max(known)
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
        assert bar.solids is not None
        bar.solids.set_rasterized(False)
        bar.solids.set_edgecolor("face")
        bar.set_label("mean squared error")
        return inline_svg(figure, KEY, "secant error over t and s")
