"""Listings stay near the floor: what reading the entry points costs any Python program."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from time import perf_counter

import pytest

#: The floor, and the verbs that must stay within `LIMIT` times it.
FLOOR = "import importlib.metadata; list(importlib.metadata.entry_points())"
MAIN = "import sys; from secantfw.cli.main import main; sys.exit(main())"
LIMIT = 3.0
PLUGINS = 20
SOURCE = """\
import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register):
    for name in ("one", "two", "three"):
        register.loss(name, "nowhere:Loss", options="nowhere:Options", summary="a loss")
"""


@pytest.fixture
def crowded(tmp_path):
    """An environment with twenty more plug-ins, each a module and its dist-info."""
    for n in range(PLUGINS):
        info = tmp_path / f"crowd_{n}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: crowd-{n}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[secantfw]\ncrowd_{n} = crowd_{n}_plugin\n")
        (tmp_path / f"crowd_{n}_plugin.py").write_text(SOURCE)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SECANTFW_")}
    return {**kept, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


def seconds(environment, *arguments: str) -> float:
    start = perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", *arguments], env=environment, capture_output=True, text=True
    )
    spent = perf_counter() - start
    assert done.returncode == 0, done.stderr
    return spent


def test_the_twenty_are_really_there(crowded):
    done = subprocess.run(
        [sys.executable, "-c", MAIN, "components", "loss"],
        env=crowded,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.count("  a loss") == 3 * PLUGINS


@pytest.mark.parametrize("verb", ["plugins", "components"])
def test_a_listing_takes_at_most_three_times_the_floor(crowded, verb, record_property):
    seconds(crowded, MAIN, verb)  # once, to write the .pyc files
    pairs = [(seconds(crowded, FLOOR), seconds(crowded, MAIN, verb)) for _ in range(9)]
    # The median of ratios of neighbours in time: other work on the machine slows both.
    ratio = statistics.median(ours / floor for floor, ours in pairs)
    record_property("ratio", ratio)
    print(f"{verb}: {ratio:.2f} times the floor")
    assert ratio <= LIMIT
