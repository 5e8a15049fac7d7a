"""The table of faults at the counts of CI, a test a row; `python -m tests.faults` prints it.
Mutants are there to be injected; `python tests/faults/mutants.py` shows that rows see them.

In a process of its own: a fork cannot train where autograd's device threads were started, as by
the tests on fake devices.
"""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from pathlib import Path

import pytest
from mutant import MUTANTS, Mutant, nothing
from mutants import COUNTS
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


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=str)
def test_every_mutant_changes_what_is_there_and_is_called_as_that_is(mutant):
    """One that is not would end by an error of its own, and seem to be caught."""
    _, _, right = mutant.found()
    wrong = mutant.wrong(right)
    assert wrong is not right
    if callable(right):
        named = inspect.signature(right).parameters.values()
        alone = {p.name: None for p in named if p.kind is p.KEYWORD_ONLY}
        inspect.signature(wrong).bind(*(None for p in named if p.name not in alone), **alone)


@pytest.mark.parametrize(
    "place", ["training.gone:sync", "training.checkpoint:gone", "runtime.lock:RunLock.gone"]
)
def test_a_mutant_of_what_is_not_there_is_an_error(place):
    with pytest.raises((ImportError, AttributeError)):
        Mutant(place, ("R3",), lambda right: nothing).inject()


def test_every_mutant_names_rows_of_the_table_that_are_counted():
    named = {name for mutant in MUTANTS.values() for name in mutant.rows}
    assert named == set(COUNTS)
    assert named <= {row.name for row in ROWS}
