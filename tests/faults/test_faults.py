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
import wrong_functions
from rows import ROWS
from wrong_functions import MUTANTS

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


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_every_mutant_replaces_what_is_there(mutant, monkeypatch):
    """One that does not would count as caught, since it breaks before anything runs."""
    replaced = []

    def look(place, name, wrong):
        replaced.append(wrong_functions.right(place, name) is not wrong)

    monkeypatch.setattr(wrong_functions, "patch", look)
    mutant.apply()
    assert replaced == [True]
