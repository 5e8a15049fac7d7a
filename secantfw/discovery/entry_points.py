"""The installed plug-ins, as entry points of the group `secantfw`."""

from __future__ import annotations

import os
import sys
from importlib.machinery import PathFinder
from pathlib import Path

from secantfw.discovery.entry import Entry
from secantfw.discovery.installed_files import NotPlain, entries_in

GROUP = "secantfw"


def installed() -> list[Entry]:
    """Every entry point of the group, by name, then distribution."""
    places = _places()
    try:
        found = _asked(places) if _other_finders() else entries_in(places, GROUP)
    except NotPlain:
        found = _asked(places)
    return sorted(found, key=lambda entry: (entry.name, entry.distribution))


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


def _other_finders() -> bool:
    """Whether someone finds distributions in another way than by the folders of the path."""
    finders = [finder for finder in sys.meta_path if finder is not PathFinder]
    return any(getattr(finder, "find_distributions", None) is not None for finder in finders)


def _asked(places: list[str]) -> list[Entry]:
    """As importlib.metadata finds them, which knows archives and what other finders bring."""
    from importlib.metadata import EntryPoint, distributions

    first: dict[str, list[tuple[EntryPoint, str]]] = {}  # a name may stand in two places
    for dist in distributions(path=places):
        name = (dist.metadata["Name"] or "").lower().replace("_", "-")
        if name not in first:
            said = f"{dist.metadata['Name']} {dist.metadata['Version']}"
            first[name] = [(entry, said) for entry in dist.entry_points.select(group=GROUP)]
    found = [pair for pairs in first.values() for pair in pairs]
    return [Entry(entry.name, entry.value, said) for entry, said in found]
