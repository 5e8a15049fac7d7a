"""The table of faults at the counts of CI, a test a row; `python -m tests.faults` prints it."""

from __future__ import annotations

import pytest
from rows import ROWS, measure
from small_run import bench

pytestmark = pytest.mark.plugin("basics", "data", "picard")


@pytest.fixture(scope="module")
def made():
    with bench() as straight:
        yield straight


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.name} {row.what}")
def test_every_fault_is_handled_as_specified(row, made):
    figures = measure(row, made, seed=0, count=row.ci)
    assert figures.injected
    assert figures.misses == ()
