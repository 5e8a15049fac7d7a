"""The table of faults at the counts of CI, a test a row; `python -m tests.faults` prints it.

In a process of its own: a fork cannot train where autograd's device threads were started, as by
the tests on fake devices.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutants import EVERY
from mutants import ROOT as SOURCE
from rows import ROWS

pytestmark = pytest.mark.plugin("basics", "data", "picard")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """By name and title of a row, how many faults were injected and what was missed."""
    file = tmp_path_factory.mktemp("faults") / "table.json"
    command = [sys.executable, "-m", "tests.faults", "--json", file]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert file.exists(), done.stderr
    rows = json.loads(file.read_text())
    return {(r["row"]["name"], r["row"]["what"]): (r["injected"], r["misses"]) for r in rows}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name} {row.what}")
def test_every_fault_is_handled_as_specified(row, table):
    injected, misses = table[row.name, row.what]
    assert injected
    assert misses == []


def test_every_mutant_still_stands_in_the_source():
    """One that does not would count as caught, since nothing of it runs."""
    gone = [m for m in EVERY if m.before not in (SOURCE / m.file).read_text()]
    assert gone == []
