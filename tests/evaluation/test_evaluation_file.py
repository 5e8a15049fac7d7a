"""evaluation.json: what is written is read again; files of 0.1.0 too, of later versions not."""

import json

import pytest

from secantfw.evaluation.evaluation import Ceiling, Evaluation
from secantfw.evaluation.evaluation_file import (
    evaluation_json,
    in_order,
    read_evaluation,
    with_seeds,
)
from secantfw.evaluation.measured_row import Column, Row
from secantfw.sampling.row_guidance import RowGuidance

GUIDED = RowGuidance(2.0, (0.0, 0.5))


def evaluation() -> Evaluation:
    rows = [
        Row(
            "student", "secant", 4, 4, label="a = 1", guidance=GUIDED, off_grid=True,
            stamps={"fd": "ab12"}, details={"fd": {"finite_samples": {"samples": [1]}}},
            measured={"secant_error": {"mean": 0.5}}, **with_seeds({"fd": (1.0, 2.0)}),
        ),
        Row("teacher", "euler", 4, 4, {"fd": None}, guidance=RowGuidance()),
        Row("teacher", "midpoint", 2, 4.5, {"fd": 3.0}, guidance=GUIDED, baseline=True),
    ]  # fmt: skip
    return Evaluation(
        columns=(Column("fd", "Distance", False, 0.5, "cm", log_scale=False),),
        rows=in_order(rows),
        samples=16,
        seeds=(0, 1),
        asked=(2, 4),
        headline_nfe=4,
        weights="ema",
        reference="exact",
        references=({"guidance": 2.0, "steps": 32},),
        stamps={"ab12": {"metric": "fd", "samples": 16}},
        ceiling=Ceiling("euler, 50 NFE", {"fd": 0.75}),
        overrides="evaluate.samples=16",
    )


def test_what_is_written_is_read_again():
    content = json.loads(json.dumps(evaluation_json(evaluation())))
    again = read_evaluation(content)
    assert again == evaluation()
    assert [str(row.series) for row in again.rows] == [str(r.series) for r in evaluation().rows]
    assert content["schema"] == 1


def test_deviations_come_of_the_seeds_and_are_not_written():
    (row,) = [row for row in evaluation().rows if row.model == "student"]
    assert row.values["fd"] == 1.5
    assert row.deviations["fd"] == pytest.approx(0.5**0.5)
    assert "deviations" not in evaluation_json(evaluation())["rows"][0]


def test_a_file_of_0_1_0_is_read():
    row = {"model": "student", "solver": "secant", "steps": 4, "nfe": 4, "fd": 1.0,
           "deviations": {"fd": 0.1}, "stamps": {"fd": "ab12"}}  # fmt: skip
    old = {"rows": [row], "floor": 0.2, "feature_sha256": "8c1f", "samples": 16, "seeds": [0, 1]}
    found = read_evaluation(old)
    assert found.columns[0].floor == 0.2
    assert found.rows[0].deviations == {"fd": 0.1}
    assert found.unstamped == {"samples": "16", "feature_sha256": "8c1f"}


def test_a_file_of_a_later_schema_is_refused():
    with pytest.raises(ValueError, match="schema 2; this secantfw reads 1"):
        read_evaluation({"schema": 2, "rows": []})
