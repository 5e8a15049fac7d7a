"""An evaluation shared out within its rows: one launch, many looks at what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard")

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluations")
    known = os.environ.get("PYTHONPATH", "")
    path = os.pathsep.join([str(TESTS / "parallel"), str(TESTS), known])
    subprocess.run(
        [sys.executable, str(TESTS / "parallel" / "scenarios_of_evaluation.py"), str(folder)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        check=True,
        timeout=1200,
    )
    return json.loads((folder / "shown.json").read_text())


def test_every_figure_is_the_same_on_one_two_and_eight_processes(shown):
    found = shown["agreement"]
    assert found["codes"] == [0] * 11
    assert found["same"]
    assert found["rows"] == 4  # secant and Euler, at two NFE
    assert set(found["said"]) == {""}, "the main process alone speaks"


def test_nobody_is_taken_for_lost_because_another_draws_or_measures(shown):
    found = shown["patience"]
    assert found["codes"] == [0, 0], found["said"]
    assert found["same"]


@pytest.mark.parametrize("rank", [0, 1])
def test_an_evaluation_that_loses_a_process_goes_on_from_its_blocks(shown, rank):
    found = shown["kills"][rank]
    assert found["killed"] == -9
    assert found["survivor"] == 3
    assert "another process was lost" in found["said"][0]
    assert found["again"] == [0, 0]
    assert found["same"]
    samples, seeds, rows, block = 70, 2, 4, 8
    every = -(-samples // block) * seeds * rows
    assert found["kept"] >= 7
    assert found["made"] < every


def test_an_unforeseen_error_is_named_and_its_traceback_kept(shown):
    found = shown["failure"]
    assert found["codes"] == [1, 3]
    assert "IndexError: list index out of range" in found["said"]
    assert found["outcome"]["status"] == "failed"
    assert found["outcome"]["message"] == "evaluation: IndexError: list index out of range"
    assert found["event"]["event"] == "failed"
    assert "Traceback" in found["event"]["traceback"]
