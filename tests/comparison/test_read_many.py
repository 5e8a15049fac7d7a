"""Thousands of runs: read side by side, each file once, as one process alone would read them."""

import pytest

from secantfw.comparison import read_many as module
from secantfw.comparison.read_many import read_many
from secantfw.comparison.run_record import read_compared
from secantfw.errors import UserError
from secantfw.runtime import regular_file
from tests.comparison.test_compare import write_run


@pytest.fixture
def runs(tmp_path):
    return [write_run(tmp_path / f"r{n}", seed=n) for n in range(4)]


def test_side_by_side_is_as_one_after_the_other(runs, monkeypatch):
    alone = read_many(runs)
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(module, "_cores", lambda: 2)
    side_by_side = read_many(runs)
    assert [run.label for run in side_by_side] == ["r0", "r1", "r2", "r3"]
    assert [run.evaluation for run in side_by_side] == [run.evaluation for run in alone]
    assert [run.settings for run in side_by_side] == [run.settings for run in alone]


def test_a_run_that_cannot_be_read_says_so_in_one_line(runs, monkeypatch):
    monkeypatch.setattr(module, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(module, "_cores", lambda: 2)
    (runs[2] / "evaluation.json").write_text("{")
    with pytest.raises(UserError, match=r"r2.evaluation\.json: not JSON"):
        read_many(runs)


def test_a_few_runs_start_no_process(runs, monkeypatch):
    monkeypatch.setattr(module, "ProcessPoolExecutor", None)
    assert len(read_many(runs)) == 4


def test_each_file_of_a_run_is_opened_once(runs, monkeypatch):
    opened = []
    open_it = regular_file.os.open
    monkeypatch.setattr(
        regular_file.os, "open", lambda file, *more: opened.append(file) or open_it(file, *more)
    )
    read_compared(runs[0])
    assert len(opened) == len(set(opened)) <= 4
