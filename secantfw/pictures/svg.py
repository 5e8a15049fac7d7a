"""A matplotlib figure as inline SVG: the same bytes for the same numbers, nothing from outside."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from secantfw.pictures.palette import INK, MUTED, RULE, themed

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: Text stays text, so that the page's font holds and a figure pasted elsewhere can be edited.
_STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "font.size": 10.5,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": RULE,
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,  # titles come from plug-ins: a dollar sign is a dollar sign
    "path.simplify": True,
}


@contextlib.contextmanager
def chart_style(name: str) -> Iterator[None]:
    """Matplotlib's settings for one chart; `name` seeds the ids inside its SVG."""
    import matplotlib

    # Everything else back to matplotlib's own defaults: a user's matplotlibrc is not the run's.
    settings: dict[Any, Any] = dict(matplotlib.rcParamsDefault)
    del settings["backend"]
    settings.update(_STYLE)
    settings["svg.hashsalt"] = name
    with matplotlib.rc_context(settings):
        yield


def inline_svg(figure: Figure, name: str, description: str) -> str:
    """The figure as an <svg> element that scales with its container; ids start with `name`."""
    stream = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    with warnings.catch_warnings():  # of a glyph it lacks, which it prints raw
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(stream, format="svg", metadata=nothing, transparent=True)
    text = stream.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = text.replace("xlink:href=", "href=")
    # Two charts on one page must not share ids, or the second borrows the first one's clip paths.
    text = re.sub(r'(\sid="|href="#|url\(#)', rf"\g<1>{name}-", text)
    size = re.search(r'viewBox="([^"]*)"', text)
    view_box = size.group(1) if size else ""
    opening = f'<svg viewBox="{view_box}" role="img" aria-label="{_attribute(description)}">'
    return themed(re.sub(r"<svg[^>]*>", lambda _: opening, text, count=1))


def _attribute(text: str) -> str:
    import html

    return html.escape(text, quote=True)
