"""The suite without one of the first-party plug-ins, as SECANTFW_PLUGINS leaves it out.

    SECANTFW_PLUGINS=basics,data,fid,picard pytest      # without sit and the rest

A test module that imports a plug-in left out is skipped, as is a test marked as needing it:
`@pytest.mark.plugin("sit")`. Everything else must pass: the core needs no plug-in in particular.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.metadata import distribution
from pathlib import Path

import pytest

TESTS = Path(__file__).parent


def first_party() -> dict[str, str]:
    """Name and package of the plug-ins that come with secantfw."""
    entries = distribution("secantfw").entry_points.select(group="secantfw")
    return {entry.name: entry.value.partition(".")[0] for entry in entries}


def left_out() -> set[str]:
    said = os.environ.get("SECANTFW_PLUGINS")
    return set() if said is None else set(first_party()) - set(said.split(","))


#: Places whose tests, or whose imports, build what several plug-ins bring.
NEEDS: dict[str, tuple[str, ...]] = {
    "benchmarks/test_overhead.py": ("basics", "data", "parallel", "picard"),
    "conformance": ("basics", "data", "picard"),
    "contributing": tuple(first_party()),  # the guide's shells see what is installed
    "end_to_end": ("basics", "data", "fid", "parallel", "picard", "sit"),
    "faults": ("basics", "data", "parallel", "picard"),
    "plugins/flowmaps/test_flowmap_times.py": ("basics", "data", "fid", "picard", "sit"),
    "plugin_scaffold": tuple(first_party()),  # its own plug-ins are not in SECANTFW_PLUGINS either
    "training": ("basics", "data", "parallel", "picard"),
}


#: A test that needs a loss trains by it, which takes an engine.
LOSSES = {"flowmaps", "montecarlo", "picard"}


class _Absent(MetaPathFinder):
    """An import of a plug-in that is left out skips the test, or the module, that does it."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> None:
        packages = {first_party()[plugin]: plugin for plugin in left_out()}
        if name.partition(".")[0] in packages:
            pytest.skip(f"imports {name}, which is left out", allow_module_level=True)


def pytest_configure(config: pytest.Config) -> None:
    if left_out():
        sys.meta_path.insert(0, _Absent())


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    if not left_out() or TESTS not in collection_path.parents:
        return None
    parts = collection_path.relative_to(TESTS).parts
    needed = set(NEEDS.get("/".join(parts), ()))
    if len(parts) == 2 and parts[0] == "plugins":
        needed.add(parts[1])
    return True if needed & left_out() else None


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("plugin"):
        engine = {"parallel"} if LOSSES & set(marker.args) else set()
        missing = sorted({*marker.args, *engine} & left_out())
        if missing:
            pytest.skip(f"needs plug-ins that are left out: {', '.join(missing)}")
