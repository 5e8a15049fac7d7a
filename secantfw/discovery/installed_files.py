"""Entry points of the group `secantfw`, read from the files that installers leave.

`importlib.metadata` reads the same files, but imports sixty modules first (email, csv, zipfile)
and parses the entry points of everything that is installed, which is most of what a listing would
spend. Here a file that does not name the group is not parsed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator

from secantfw.discovery.entry import Entry

_ENDINGS = (".dist-info", ".egg-info")


class NotPlain(Exception):
    """A place that holds distributions in another way: an archive, an egg."""


def entries_in(places: Iterable[str], group: str) -> list[Entry]:
    """The entry points of every distribution in `places`; the first of a name counts.

    Raises:
        NotPlain: a place is no folder of `.dist-info` and `.egg-info`.
    """
    found: list[Entry] = []
    seen: set[str] = set()
    for place in places:
        for child in _children(place or "."):
            name = _normalised(child)
            if name not in seen:
                seen.add(name)
                found += _entries(os.path.join(place, child), group)
    return found


def _children(place: str) -> list[str]:
    """The names of the metadata folders of a place."""
    try:
        children = os.listdir(place)
    except NotADirectoryError as error:
        raise NotPlain(place) from error
    except OSError:  # it is not there, or not ours to read: nothing is installed in it
        return []
    if place.lower().endswith(".egg"):
        raise NotPlain(place)
    return [child for child in children if child.lower().endswith(_ENDINGS)]


def _normalised(child: str) -> str:
    """The distribution's name as its folder says it: NAME-VERSION.dist-info, or NAME.egg-info."""
    stem = child.lower().rpartition(".")[0].partition("-")[0]
    return re.sub(r"[-_.]+", "_", stem)


def _entries(folder: str, group: str) -> Iterator[Entry]:
    said = _text(os.path.join(folder, "entry_points.txt"))
    if f"[{group}]" not in said:
        return
    distribution, section = _name_and_version(folder), ""
    for line in filter(None, map(str.strip, said.splitlines())):
        if line.startswith("["):
            section = line.strip("[]")
        elif section == group and not line.startswith("#"):
            name, _, value = line.partition("=")
            yield Entry(name.strip(), value.strip(), distribution)


def _name_and_version(folder: str) -> str:
    said = _text(os.path.join(folder, "METADATA")) or _text(os.path.join(folder, "PKG-INFO"))
    head = dict(line.partition(":")[::2] for line in said.split("\n\n", 1)[0].splitlines())
    named = [head[key].strip() for key in ("Name", "Version") if key in head]
    return " ".join(named) or os.path.basename(folder)


def _text(file: str) -> str:
    """Its text; "" where there is no such file."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return opened.read()
    except OSError:
        return ""
