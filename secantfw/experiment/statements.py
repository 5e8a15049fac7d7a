"""Split a TOML text into its statements without reading any value.

Two things need this and cannot have it from tomli: the line of a key (tomli keeps no positions),
and a look at the nesting before parsing, because deep brackets exhaust the stack and a key of ten
thousand dots costs the parser minutes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

_SPECIAL = re.compile(r"""[\[\]{}"'#\n.,=]""")
_STRINGS = (
    re.compile(r'"""(?:\\.|[^\\])*?(?:"{3,5}|\Z)', re.DOTALL),
    re.compile(r"'''.*?(?:'{3,5}|\Z)", re.DOTALL),
    re.compile(r'"(?:\\.|[^"\\\n])*"?'),
    re.compile(r"'[^'\n]*'?"),
    re.compile(r"#[^\n]*"),
)


@attrs.frozen
class Statement:
    """One `[header]` or `key = value`, which may span lines; also a blank or comment line."""

    line: int
    text: str
    depth: int  # deepest nesting of brackets and braces
    dots: int  # most dots between two separators: the parts of the longest dotted key, less one


def statements(text: str) -> Iterator[Statement]:
    """The statements in order. Exact for valid TOML; for anything else, some split."""
    start, line, position, first_line = 0, 1, 0, 1
    depth = deepest = dots = most_dots = 0
    while (special := _SPECIAL.search(text, position)) is not None:
        character = special[0]
        position = special.end()
        if character in "\"'#":
            end = _end_of_token(text, special.start())
            line += text.count("\n", position, end)
            position = end
            continue
        dots = dots + 1 if character == "." else 0
        most_dots = max(most_dots, dots)
        if character in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "]}":
            depth = max(0, depth - 1)
        elif character == "\n":
            line += 1
            if depth == 0:
                yield Statement(first_line, text[start:position], deepest, most_dots)
                start, first_line, deepest, most_dots = position, line, 0, 0
    yield Statement(first_line, text[start:], deepest, most_dots)


def _end_of_token(text: str, position: int) -> int:
    """Where the string or comment that starts at `position` ends."""
    matches = (pattern.match(text, position) for pattern in _STRINGS)
    return next(m.end() for m in matches if m is not None)
