"""The table: grouped by evaluations, equal to evaluation.json, the best of each group marked."""

import io
import math
import re

import pytest
from fake_run import BOTH, FRECHET, evaluation, rows

from secantfw.reporting.number_text import aligned, decimals, duration, mean_text, number, ratio
from secantfw.reporting.read_evaluation import read_evaluation
from secantfw.reporting.table import evaluation_table, layout, markdown_table


def printed(content, width=100):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width)
    console.print(evaluation_table(content))
    return console.file.getvalue()


def test_the_models_stand_side_by_side_where_a_solver_serves_both():
    shown = layout(read_evaluation(evaluation(rows=rows(BOTH))))
    line = next(x for x in shown.lines if x.evaluations == 4 and x.name == "euler")
    assert shown.models == ("student", "teacher")
    assert [cell.exact for cell in line.cells] == [2.7, 2.9, 0.09, 0.13182]


def test_no_half_of_the_table_is_blank_where_no_solver_serves_both():
    shown = layout(read_evaluation(evaluation()))
    assert shown.models == ()
    four = [x for x in shown.lines if x.evaluations == 4]
    names = ["student, secant", "teacher, euler", "teacher, heun (2 steps)"]
    assert [x.name for x in four] == names
    assert [x.cells[0].exact for x in four] == [1.2, 2.9, 3.1]


def test_one_cell_a_group_and_metric_is_best():
    shown = layout(read_evaluation(evaluation()))
    for n in (1, 2, 4, 8):
        best = [x.name for x in shown.lines if x.evaluations == n and x.cells[0].best]
        assert best == ["student, secant"]


def test_equal_values_are_equally_best_and_a_lone_row_is_not():
    tie = {("student", "secant"): {4: 1.0, 8: 1.0}, ("teacher", "euler"): {4: 1.0}}
    shown = layout(read_evaluation(evaluation(rows=rows(tie))))
    assert [line.cells[0].best for line in shown.lines] == [True, True, False]


@pytest.mark.parametrize("broken", [0.0, math.nan, None])
def test_a_distance_of_0_or_none_is_never_the_best(broken):
    found = {("student", "secant"): {4: 1.0}, ("teacher", "euler"): {4: 2.0},
             ("teacher", "heun"): {4: 3.0}}  # fmt: skip
    first, *others = rows(found)
    content = evaluation(rows=[{**first, "frechet_distance": broken}, *others])
    shown = layout(read_evaluation(content))
    assert [(line.name, line.cells[0].best) for line in shown.lines] == [
        ("student, secant", False),
        ("teacher, euler", True),
        ("teacher, heun (2 steps)", False),
    ]
    content["rows"] = [{**row, "frechet_distance": broken} for row in rows(found)]
    shown = layout(read_evaluation(content))
    assert not any(line.cells[0].best for line in shown.lines)


def test_one_solver_with_two_options_keeps_both_rows():
    twice = [*rows({("student", "euler"): {4: 2.0}}), *rows(FRECHET), *rows(FRECHET)]
    shown = layout(read_evaluation(evaluation(rows=twice)))
    exact = [cell.exact for line in shown.lines for cell in line.cells if cell.exact is not None]
    assert sorted(exact) == sorted(
        row[key] for row in twice for key in ("frechet_distance", "trajectory_mse")
    )


def test_columns_are_found_where_the_evaluation_declares_none():
    content = evaluation()
    del content["columns"]
    titles = [column.title for column in read_evaluation(content).columns]
    assert titles == ["Frechet distance", "Trajectory mse"]


def test_a_floor_of_a_column_is_that_column_s():
    content = evaluation(floor=None)
    content["columns"][1]["floor"] = 0.01
    assert [column.floor for column in read_evaluation(content).columns] == [None, 0.01]


def test_markdown_marks_the_best_and_ends_with_the_floor():
    lines = markdown_table(evaluation()).splitlines()
    assert lines[0] == "| evaluations | model, solver | Frechet distance | Trajectory error |"
    assert "| 4 | student, secant | **1.20** | **0.0400** |" in lines
    assert lines[-1] == "|  | held-out data | 0.15 |  |"


def test_the_terminal_table_fits_80_columns_and_takes_no_markup_from_names():
    text = printed(evaluation(rows=rows({("student", "[red]x[/red]"): {4: 1.0}})), width=80)
    assert "student, [red]x[/red]" in text
    assert all(len(line) <= 80 for line in printed(evaluation(), width=80).splitlines())


def test_numbers_keep_three_digits():
    values = [1.2, 14, 103.4, 0.0312, 1.2e-5, 0, float("nan"), float("inf"), None, 999.96]
    assert [number(v) for v in values] == [
        *("1.20", "14.0", "103", "0.0312", "1.20e-05", "0", "NaN", "inf", "–", "1000")
    ]


def test_a_column_is_aligned_unless_it_spans_too_much():
    assert decimals([14.0, 1.05, None, float("nan")]) == 2
    assert decimals([2.3, 9.7e-5]) is None
    assert [aligned(v, 2) for v in (14.0, 1.05, None)] == ["14.00", "1.05", "–"]
    assert aligned(9.7e-5, None) == "9.70e-05"


def test_ratios_and_durations():
    assert [ratio(1.2, 2.9), ratio(0.1, 4.0), ratio(1, 0)] == ["0.41x", "0.025x", None]
    assert [duration(41.2), duration(161)] == ["41 s", "0:02:41"]


def with_seeds(deviation):
    """Three seeds; the student's 1.20 and euler's 2.90 at 4 evaluations."""
    found = [
        {**row, "deviations": {"frechet_distance": deviation, "trajectory_mse": 0.0}}
        for row in rows(FRECHET)
    ]
    return evaluation(rows=found, seeds=[0, 1, 2])


def test_over_several_seeds_a_deviation_stands_beside_the_mean():
    line = next(x for x in layout(read_evaluation(with_seeds(0.1))).lines if x.evaluations == 4)
    assert [cell.text for cell in line.cells] == ["1.20 ± 0.10", "0.0400 ± 0.0000"]


def test_the_best_is_marked_only_where_it_is_told_from_every_other():
    """2.90 - 1.20 = 1.70, told apart by less than sqrt(2) d."""
    for deviation, expected in ((1.19, [True]), (1.21, [])):
        lines = layout(read_evaluation(with_seeds(deviation))).lines
        assert [
            x.cells[0].best for x in lines if x.evaluations == 4 and x.cells[0].best
        ] == expected


def test_deviations_keep_the_decimals_of_their_mean():
    assert mean_text(2.3, 1e-9, None) == "2.30 ± 0.00"
    assert mean_text(0.0177, 4.9e-4, None) == "0.0177 ± 0.0005"
    assert mean_text(0.5, None, 2) == "0.50"
    assert mean_text(None, 0.1, 2) == "–"


def test_on_a_narrow_terminal_nothing_is_cut_off():
    content = evaluation()
    content["columns"] = [{"key": f"k{n}", "title": "Wasserstein"} for n in range(5)]
    for row in content["rows"]:
        row |= {f"k{n}": 0.125 for n in range(5)}
    text = printed(content, width=80)
    assert "…" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert re.sub(r"\s", "", text).count("0.125") == 5 * len(content["rows"])
