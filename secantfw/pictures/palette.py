"""One look per (model, solver), the same in every chart, caption and picture; light and dark.

Colours are Okabe and Ito's, which stay apart for colour-blind readers; the student's are warm, the
teacher's cool, and every solver has a marker of its own, so that print in grey still tells them.
A page gives each colour a name (`theme_css`), and a figure in it uses the names (`themed`), so
that a reader's dark screen changes both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from secantfw.pictures.series import STUDENT, TEACHER, Series

INK = "#1c1c1c"
MUTED = "#6b6b6b"
RULE = "#d8d8d8"
PAPER = "#ffffff"
STUDENT_COLOUR = "#d55e00"
TEACHER_COLOUR = "#0072b2"

_COLOURS = {
    STUDENT: (STUDENT_COLOUR, "#e69f00", "#cc79a7", "#8c3d00"),
    TEACHER: (TEACHER_COLOUR, "#009e73", "#56b4e9", "#003f63"),
}
_OTHER_COLOURS = ("#555555", "#999999", "#bbaa00")
_MARKERS = {"secant": "o", "euler": "s", "heun": "^"}
_OTHER_MARKERS = ("D", "v", "P", "X", "*")

#: What each colour becomes on a dark page; those that are not here stay.
_DARK = {
    INK: "#e8e6e3",
    MUTED: "#a3a09b",
    RULE: "#3b3b3d",
    PAPER: "#161618",
    STUDENT_COLOUR: "#f58236",
    "#8c3d00": "#c9773a",
    TEACHER_COLOUR: "#4da3d9",
    "#003f63": "#7f9fb5",
    "#555555": "#b0b0b0",
    "#bbaa00": "#d4c43a",
}
_NAMES = {INK: "ink", MUTED: "muted", RULE: "rule", PAPER: "paper"}


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


def several(count: int) -> list[Look]:
    """Looks for `count` things of one kind, told apart by colour and marker."""
    pairs = zip(_COLOURS[STUDENT][:3], _COLOURS[TEACHER][:3], strict=True)
    colours = [*(colour for pair in pairs for colour in pair), *_OTHER_COLOURS]
    markers = (*_MARKERS.values(), *_OTHER_MARKERS)
    return [Look(colours[n % len(colours)], markers[n % len(markers)]) for n in range(count)]


def variable(colour: str) -> str:
    """The page's name for a colour, with the colour itself where there is no page."""
    return f"var(--{_NAMES.get(colour, f'c-{colour[1:]}')}, {colour})"


def themed(svg: str) -> str:
    """A figure whose colours follow the page's."""
    return re.sub(r"#[0-9a-f]{6}\b", lambda m: _themed(m[0]), svg)


def _themed(colour: str) -> str:
    return variable(colour) if colour in _DARK else colour


def theme_css() -> str:
    """The colours' names: light, dark for a dark screen, and light on paper."""
    light = _declarations({colour: colour for colour in _DARK})
    dark = _declarations(_DARK)
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )


def _declarations(colours: dict[str, str]) -> str:
    return " ".join(
        f"--{_NAMES.get(name, f'c-{name[1:]}')}: {value};" for name, value in colours.items()
    )
