"""The result sentence says what the rows say, good or bad."""

import math

import pytest
from fake_run import BOTH, FRECHET, evaluation, rows

from secantfw.evaluation.evaluation_file import read_evaluation
from secantfw.reporting.headline import headline


def said(frechet=FRECHET, **changes):
    return headline(read_evaluation(evaluation(rows=rows(frechet), **changes)))


def without(model):
    return {series: values for series, values in FRECHET.items() if series[0] != model}


def test_a_better_student_is_compared_with_the_best_solver_at_equal_cost():
    assert said().sentence == (
        "At 4 NFE the student's Frechet distance is 1.20, against 2.90 for the best "
        "of 2 solvers (euler) on the teacher: 0.41x. "
        "Trajectory error: 0.0400 against 0.132, 0.30x."
    )


def test_a_worse_student_is_called_worse():
    worse = {**FRECHET, ("student", "secant"): {4: 5.8}}
    assert said(worse).sentence.startswith(
        "At 4 NFE the student's Frechet distance is 5.80, against 2.90 for the best "
        "of 2 solvers (euler) on the teacher: 2.00x, so the student is worse."
    )


def test_a_run_without_teacher_states_the_student_alone():
    assert said(without("teacher")).sentence == (
        "At 4 NFE the student's Frechet distance is 1.20 (secant). Trajectory error: 0.0400."
    )


def test_a_teacher_alone_is_stated_alone():
    assert said(without("student")).sentence.startswith(
        "At 4 NFE the teacher's Frechet distance is 2.90 (euler)."
    )


def test_the_best_of_several_student_solvers_is_named():
    assert "is 1.20 (secant), against" in said(BOTH).sentence


def test_the_context_names_the_teacher_with_more_nfe_and_the_floor():
    assert said().context == (
        "The teacher's best value measured is 1.05 (heun, 50 NFE). "
        "Real data (held-out) reaches 0.150."
    )


def test_not_a_number_is_never_a_victory():
    broken = {**FRECHET, ("student", "secant"): {4: math.nan}}
    assert said(broken).sentence.startswith(
        "At 4 NFE the student's Frechet distance is NaN, against 2.90 for the best "
        "of 2 solvers (euler) on the teacher. "
    )


def test_a_solver_that_diverged_is_not_the_best_one():
    broken = {**FRECHET, ("teacher", "euler"): {4: math.nan}}
    assert "against 3.10 for the one solver evaluated (heun)" in said(broken).sentence


@pytest.mark.parametrize(("named", "shown"), [(None, 4), (1, 1), (8, 8), (6, 4), (100, 8)])
def test_the_nfe_is_never_chosen_by_its_result(named, shown):
    sentence = said(headline_nfe=named).sentence
    assert sentence.startswith(f"At {shown} NFE")


def test_a_metric_where_higher_is_better_says_so():
    columns = [{"key": "frechet_distance", "title": "Recall", "lower_is_better": False}]
    sentence = said(columns=columns).sentence
    assert "1.20, against 3.10" in sentence
    assert sentence.endswith("0.39x, so the student is worse (higher is better).")


def test_nothing_measured_is_said_plainly():
    assert headline(None).sentence == "This run was not evaluated."
    assert headline(read_evaluation({"rows": []})).sentence == "This run was not evaluated."


def test_seeds_that_do_not_tell_two_numbers_apart_are_no_victory():
    def of(deviation):
        found = [{**row, "deviations": {"frechet_distance": deviation}} for row in rows(FRECHET)]
        return headline(read_evaluation(evaluation(rows=found))).sentence

    assert "is 1.20 ± 0.10, against 2.90 ± 0.10 for" in of(0.1)
    assert "0.41x. Trajectory" in of(0.1)
    assert "0.41x, not told apart by the seeds. Trajectory" in of(2.0)


def test_a_sentence_names_three_metrics_at_most():
    columns = [{"key": "frechet_distance", "title": f"M{n}"} for n in range(5)]
    sentence = said(columns=columns).sentence
    assert "M2" in sentence
    assert "M3" not in sentence


def test_on_shared_noise_the_difference_decides_not_the_spread():
    """Both vary by 0.3 with the noise and always differ by a tenth: told apart."""

    def of(mine, theirs):
        key = "frechet_distance"
        found = [
            {
                **row,
                "deviations": {key: 0.3},
                "by_seed": {key: mine if row["model"] == "student" else theirs},
            }
            for row in rows(FRECHET)
        ]
        return headline(read_evaluation(evaluation(rows=found))).sentence

    assert "0.41x (0.80x to 0.89x by seed). Trajectory" in of([0.4, 0.8], [0.5, 0.9])
    assert "0.41x (0.89x to 2.00x by seed), not told apart by the seeds" in of(
        [1.0, 0.8], [0.5, 0.9]
    )
