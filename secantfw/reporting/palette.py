"""One look per (model, solver), the same in every chart, caption and picture.

Colours are Okabe and Ito's, which stay apart for colour-blind readers; the student's are warm, the
teacher's cool, and every solver has a marker of its own, so that print in grey still tells them.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from secantfw.reporting.evaluation_rows import STUDENT, TEACHER, Series

INK = "#1c1c1c"
MUTED = "#6b6b6b"
RULE = "#d8d8d8"
STUDENT_COLOUR = "#d55e00"
TEACHER_COLOUR = "#0072b2"

_COLOURS = {
    STUDENT: (STUDENT_COLOUR, "#e69f00", "#cc79a7", "#8c3d00"),
    TEACHER: (TEACHER_COLOUR, "#009e73", "#56b4e9", "#003f63"),
}
_OTHER_COLOURS = ("#555555", "#999999", "#bbaa00")
_MARKERS = {"secant": "o", "euler": "s", "heun": "^"}
_OTHER_MARKERS = ("D", "v", "P", "X", "*")


@attrs.frozen
class Look:
    """How a series is drawn."""

    colour: str
    marker: str


def looks(series: Iterable[Series]) -> dict[Series, Look]:
    """A look for each series, given in the order of `Evaluation.series`."""
    found: dict[Series, Look] = {}
    taken: dict[str, int] = {}
    markers = dict(_MARKERS)
    for one in series:
        colours = _COLOURS.get(one.model, _OTHER_COLOURS)
        position = taken.get(one.model, 0)
        taken[one.model] = position + 1
        if one.solver not in markers:
            extra = len(markers) - len(_MARKERS)
            markers[one.solver] = _OTHER_MARKERS[extra % len(_OTHER_MARKERS)]
        colour = colours[position % len(colours)]
        found[one] = Look(colour, markers[one.solver])
    return found
