"""messages.toml: what each bad experiment makes the user read, line by line.

`[words]` has the whole lines of a case, one of each kind of message; `[places]` of all others
only where each line points, `FILE:LINE: KEY`: what follows may be worded anew.

    SECANTFW_GOLDEN=1 pytest tests/messages      # writes both anew; read the difference
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import tomlkit

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

FILE = Path(__file__).parent / "messages.toml"
_PLACE = re.compile(r"(?:command line|[\w./]+)(?::\d+)?(?:: [\w.\[\]]+(?=: ))?")


def cases() -> set[str]:
    words, places = _read()
    return {*words, *places}


def check(name: str, text: str) -> None:
    """Whether the lines of `text` are those of the case, or point where they should."""
    lines = text.splitlines()
    if os.environ.get("SECANTFW_GOLDEN"):
        _write(name, lines)
    words, places = _read()
    if name in words:
        assert lines == words[name]
        return
    assert [place_of(line) for line in lines] == places[name]
    for line in lines:
        assert line.removeprefix(place_of(line)).removeprefix(": ").strip(), "says nothing"


def place_of(line: str) -> str:
    found = _PLACE.match(line)
    return found[0] if found else ""


def _read() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return table["words"], table["places"]


def _write(name: str, lines: list[str]) -> None:
    table = tomlkit.parse(FILE.read_text(encoding="utf-8"))
    whole = name in table["words"]
    said = tomlkit.array()
    said.extend(lines if whole else map(place_of, lines))
    table["words" if whole else "places"][name] = said.multiline(len(lines) > 1 or whole)
    FILE.write_text(tomlkit.dumps(table), encoding="utf-8")
