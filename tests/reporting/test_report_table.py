"""The table: grouped by NFE, equal to evaluation.json, the best of each group marked."""

import io
import math
import re

import pytest
from fake_run import BOTH, FRECHET, evaluation, rows

from secantfw.evaluation.evaluation_file import read_evaluation
from secantfw.reporting.number_text import aligned, decimals, duration, mean_text, number, ratio
from secantfw.reporting.table import evaluation_table, layout, markdown_table


def printed(content, width=100):
    from rich.console import Console

    console = Console(file=io.StringIO(), width=width)
    console.print(evaluation_table(read_evaluation(content)))
    return console.file.getvalue()


def test_the_models_stand_side_by_side_where_a_solver_serves_both():
    shown = layout(read_evaluation(evaluation(rows=rows(BOTH))))
    line = next(x for x in shown.lines if x.budget == 4 and x.name == "euler")
    assert shown.models == ("student", "teacher")
    assert [cell.exact for cell in line.cells] == [2.7, 2.9, 0.09, 0.13182]


def test_no_half_of_the_table_is_blank_where_no_solver_serves_both():
    shown = layout(read_evaluation(evaluation()))
    assert shown.models == ()
    four = [x for x in shown.lines if x.budget == 4]
    names = ["student, secant", "teacher, euler", "teacher, heun (2 steps)"]
    assert [x.name for x in four] == names
    assert [x.cells[0].exact for x in four] == [1.2, 2.9, 3.1]


def test_one_cell_a_group_and_metric_is_best():
    shown = layout(read_evaluation(evaluation()))
    for n in (1, 2, 4, 8):
        best = [x.name for x in shown.lines if x.budget == n and x.cells[0].best]
        assert best == ["student, secant"]


def test_equal_values_are_equally_best():
    tie = {("student", "secant"): {4: 1.0, 8: 1.0}, ("teacher", "euler"): {4: 1.0}}
    shown = layout(read_evaluation(evaluation(rows=rows(tie))))
    assert [line.cells[0].best for line in shown.lines] == [True, True, True, True]


#: One row a series.
AT_4 = {series: {4: values[4]} for series, values in FRECHET.items()}


def test_a_solver_stands_in_a_column_with_its_largest_grid_within_it():
    uneven = {("student", "secant"): {4: 1.0}, ("teacher", "heun"): {3: 2.0, 7: 1.5}}
    content = evaluation(rows=rows(uneven), nfe=[2, 4, 8])
    lines = [(x.budget, x.name, x.nfe) for x in layout(read_evaluation(content)).lines]
    student, heun = "student, secant", "teacher, heun"
    assert lines == [
        (2, student, "–"),
        (2, heun, "–"),
        (4, student, "4"),
        (4, f"{heun} (1 step)", "3"),
        (8, student, "4"),
        (8, f"{heun} (3 steps)", "7"),
    ]


def test_of_the_baselines_the_best_of_each_metric_stands_in_a_column():
    content = evaluation(rows=rows({("student", "secant"): {4: 1.0}}), nfe=[4, 8])
    for solver, nfe, fd, error in (
        ("midpoint", 4, 2.0, 0.3),
        ("ipndm", 4, 2.1, 0.2),
        ("deis", 4, 3.0, 0.4),
        ("unipc", 8, 1.5, 0.1),
    ):
        row = {"model": "teacher", "solver": solver, "steps": nfe, "nfe": nfe, "baseline": True}
        row |= {"guidance": 2.0, "guidance_interval": [0, 0.5]}
        content["rows"].append({**row, "frechet_distance": fd, "trajectory_mse": error})
    lines = [(x.budget, x.name) for x in layout(read_evaluation(content)).lines]
    tuned = "teacher, {} w=2 t<=0.5 (tuned)"
    assert lines == [
        (4, "student, secant"),
        (4, tuned.format("midpoint")),
        (4, tuned.format("ipndm")),
        (8, "student, secant"),
        (8, tuned.format("unipc")),
    ]


def test_a_student_off_its_grid_is_marked():
    content = evaluation()
    content["rows"][0]["off_grid"] = True
    text = markdown_table(read_evaluation(content))
    assert "| 1 | student, secant † | 1 |" in text
    assert text.splitlines()[-1].startswith("† over secants")


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
    twice = [*rows({("student", "euler"): {4: 2.0}}), *rows(AT_4), *rows(AT_4)]
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
    lines = markdown_table(read_evaluation(evaluation())).splitlines()
    assert lines[0] == "| NFE | model, solver | own NFE | Frechet distance | Trajectory error |"
    assert "| 4 | student, secant | 4 | **1.20** | **0.0400** |" in lines
    assert lines[-1] == "|  | real data (held-out) |  | 0.15 |  |"


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
    """Three seeds; the student's 1.20 and euler's 2.90 at 4 NFE."""
    found = [
        {**row, "deviations": {"frechet_distance": deviation, "trajectory_mse": 0.0}}
        for row in rows(FRECHET)
    ]
    return evaluation(rows=found, seeds=[0, 1, 2])


def test_over_several_seeds_a_deviation_stands_beside_the_mean():
    line = next(x for x in layout(read_evaluation(with_seeds(0.1))).lines if x.budget == 4)
    assert [cell.text for cell in line.cells] == ["1.20 ± 0.10", "0.0400 ± 0.0000"]


def test_the_best_is_marked_only_where_it_is_told_from_every_other():
    """2.90 - 1.20 = 1.70, told apart by less than sqrt(2) d."""
    for deviation, expected in ((1.19, [True]), (1.21, [])):
        lines = layout(read_evaluation(with_seeds(deviation))).lines
        assert [x.cells[0].best for x in lines if x.budget == 4 and x.cells[0].best] == expected


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
    assert (
        re.sub(r"\s", "", text).count("0.125") == 5 * 14
    )  # 1 + 3 + 3 + 3 + 3, and the student at 50
