"""The installed plug-ins, as entry points of the group `secantfw`."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import sys
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path

GROUP = "secantfw"


def installed() -> list[EntryPoint]:
    """Every entry point of the group, by name, then distribution."""
    places = _places()
    if places == sys.path:
        found = list(importlib.metadata.entry_points(group=GROUP))
    else:
        found = _found_in(places)
    return sorted(found, key=lambda entry: (entry.name, distribution(entry)))


def distribution(entry: EntryPoint) -> str:
    """Name and version of who installed it."""
    return "no distribution" if entry.dist is None else _name_and_version(entry.dist)


@functools.cache
def _name_and_version(dist: Distribution) -> str:
    metadata = dist.metadata  # parsed anew, with the whole description, at each access
    return f"{metadata['Name']} {metadata['Version']}"


def _places() -> list[str]:
    """`sys.path` without the working directory that `python -m` and `-c` put in front.

    A folder that someone unpacked must not become code that runs because one stands in it. Named
    in PYTHONPATH, or holding this very secantfw, it is meant.
    """
    here = os.getcwd()
    first = sys.path[0] if sys.path else here
    named = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    own = str(Path(__file__).parents[2])
    if (first or here) != here or here in named or here == own:
        return sys.path
    return sys.path[1:]


def _found_in(places: list[str]) -> list[EntryPoint]:
    first: dict[str, list[EntryPoint]] = {}  # one distribution may stand in two places of the path
    for dist in importlib.metadata.distributions(path=places):
        name = (dist.metadata["Name"] or "").lower().replace("_", "-")
        if name not in first:
            first[name] = list(dist.entry_points.select(group=GROUP))
    return [entry for entries in first.values() for entry in entries]
