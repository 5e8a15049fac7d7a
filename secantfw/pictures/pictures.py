"""Pictures a run leaves in samples/: grids of images, and paths in the plane."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from secantfw.pictures.palette import INK, MUTED, STUDENT_COLOUR, TEACHER_COLOUR
from secantfw.pictures.svg import chart_style
from secantfw.runtime.writing import replacing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

#: Paths drawn as lines; beyond it lines hide each other. Every end point is drawn.
MOST_PATHS = 40


def save_grid(
    images: NDArray[np.uint8], file: Path, columns: int | None = None, scale: int = 1
) -> None:
    """Write images (n, height, width, channels) uint8, 1 or 3 channels, as one PNG.

    Row by row, `columns` to a row (a square by default), a pixel of white between them; each
    pixel becomes `scale` x `scale` pixels.
    """
    import numpy as np
    from PIL import Image

    n, height, width, channels = images.shape
    across = min(columns or math.ceil(math.sqrt(n)), n)
    down = math.ceil(n / across)
    sheet = np.full((down * (height + 1) - 1, across * (width + 1) - 1, channels), 255, np.uint8)
    for k, image in enumerate(images):
        y, x = (k // across) * (height + 1), (k % across) * (width + 1)
        sheet[y : y + height, x : x + width] = image
    sheet = sheet.repeat(scale, axis=0).repeat(scale, axis=1)
    _write_png(Image.fromarray(sheet[:, :, 0] if channels == 1 else sheet), file)


def _write_png(image: Image, file: Path) -> None:
    with replacing(file) as unfinished:
        image.save(unfinished, format="PNG", optimize=True)


def save_trajectories(
    paths: Sequence[NDArray[np.floating[Any]]],
    data: NDArray[np.floating[Any]],
    reference: NDArray[np.floating[Any]] | None,
    file: Path,
    title: str,
) -> None:
    """Draw the student's jumps over the teacher's curves, between noise and data in the plane.

    Args:
        paths: the student's points, (steps + 1, n, 2), from the noise to the samples: a panel
            for each number of steps, from the same noise.
        data: a cloud of data points, (m, 2).
        reference: a fine solve of the teacher's ODE from the same noise, (k + 1, n, 2), if any.
        file: the PNG to write.
        title: said above the picture.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with chart_style("trajectories"):
        across = min(2, len(paths))
        down = math.ceil(len(paths) / across)
        size = (5.6 * across, 5.3 * down + 0.9)
        figure = Figure(figsize=size, dpi=130, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        figure.suptitle(title, x=0.01, ha="left", fontsize=12)
        for number, panel in enumerate(paths):
            axes = figure.add_subplot(down, across, number + 1)
            steps = len(panel) - 1
            axes.set_title(f"{steps} step{'' if steps == 1 else 's'}", loc="left", fontsize=11)
            _draw_plane(axes, panel, data, reference)
            axes.set_aspect("equal", adjustable="datalim")
            axes.grid(False)
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=5, columnspacing=1.4)
        with replacing(file) as unfinished:
            canvas.print_figure(unfinished, format="png", metadata={"Software": None})


def _draw_plane(
    axes: Any,
    paths: NDArray[np.floating[Any]],
    data: NDArray[np.floating[Any]],
    reference: NDArray[np.floating[Any]] | None,
) -> None:
    shown = paths[:, :MOST_PATHS]
    cloud = {"color": "#7d7d7d", "alpha": 0.6, "mew": 0, "zorder": 1}
    axes.plot(*data.T, ".", markersize=3.5, **cloud)
    axes.plot([], [], ".", markersize=9, **cloud, label="data")  # a key that can be seen
    if reference is not None:
        curves = {"color": TEACHER_COLOUR, "linewidth": 1.1, "alpha": 0.8, "zorder": 2}
        _lines(axes, reference[:, :MOST_PATHS], "teacher, fine solve", curves)
    jumps = {"color": STUDENT_COLOUR, "linewidth": 1.1, "marker": "o", "markersize": 2.6}
    _lines(axes, shown, "student", {**jumps, "zorder": 3})
    dot = {"linestyle": "none", "marker": "o"}
    axes.plot(*shown[0].T, **dot, mfc="white", mec=MUTED, ms=4.5, label="noise", zorder=4)
    end = {"mfc": STUDENT_COLOUR, "mec": INK, "mew": 0.5}
    axes.plot(*paths[-1].T, **dot, **end, ms=3.8, label="student's samples", zorder=5)


def _lines(
    axes: Any, points: NDArray[np.floating[Any]], label: str, style: dict[str, Any]
) -> None:
    """(k + 1, n, 2) as n lines that share one entry of the legend."""
    for line in axes.plot(points[:, :, 0], points[:, :, 1], **style)[:1]:
        line.set_label(label)
