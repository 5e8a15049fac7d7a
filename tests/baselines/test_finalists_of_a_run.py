"""A run measures the finalists of its teacher's baselines again."""

from __future__ import annotations

import pytest
import torch
from small_baselines import built, content, evaluated, put

from secantfw.baselines.file import read_baselines

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "solvers")


def test_the_finalists_of_each_nfe_are_measured_again(secantfw, folder):
    put(folder, content(folder / "small.toml"))
    found, _, said = evaluated(secantfw, folder)
    rows = [row for row in found["rows"] if row.get("baseline")]
    assert [(r["model"], r["solver"], r["nfe"], r["guidance"]) for r in rows] == [
        ("teacher", "euler", 1, 1.0),
        ("teacher", "heun", 1, 1.0),  # of the trajectories
        ("teacher", "midpoint", 2, 1.0),
        ("teacher", "euler", 2, 2.0),
        ("teacher", "deis", 2, 1.0),
    ]  # two of each objective and NFE
    assert rows[0]["label"] == "shifted (shift 3)"
    assert all(row["frechet_distance"] > 0 for row in rows)
    other = [row["nfe"] for row in rows if "trajectory_mse" not in row]
    assert other == [2]  # under other guidance it follows another ODE
    assert "(tuned)" in said.out


def test_rows_that_the_experiment_has_are_not_doubled(secantfw, folder):
    put(folder, content(folder / "small.toml"))
    solvers = 'evaluate.solvers=["secant","midpoint",{use="euler",spacing="shifted"}]'
    found, _, _ = evaluated(secantfw, folder, solvers)
    rows = [(r["solver"], r["nfe"]) for r in found["rows"] if r.get("baseline")]
    assert ("midpoint", 2) not in rows
    assert ("euler", 1) not in rows


def test_an_nfe_without_finalists_takes_those_of_the_largest_below(secantfw, folder):
    said = content(folder / "small.toml")
    del said["finalists"]["2"]
    put(folder, said)
    found, _, _ = evaluated(secantfw, folder, "evaluate.nfe=[2]", "evaluate.finalists=1")
    assert [r["nfe"] for r in found["rows"] if r.get("baseline")] == [1]


@pytest.mark.parametrize("key", ["evaluate.baselines=none", "evaluate.teacher=false"])
def test_none_are_measured_where_none_are_asked_for(secantfw, folder, key):
    put(folder, content(folder / "small.toml"))
    found, _, _ = evaluated(secantfw, folder, key)
    assert not [row for row in found["rows"] if row.get("baseline")]


def test_the_nfe_of_finalists_is_that_of_their_solves(secantfw, folder, monkeypatch):
    """Counted at the teacher: rows of a call by the rows of a sample's block."""
    from secantfw_data.mixture_teacher import GaussianMixtureTeacher

    rows: list[int] = []
    velocity = GaussianMixtureTeacher.velocity
    monkeypatch.setattr(
        GaussianMixtureTeacher,
        "velocity",
        lambda self, x, t, cond: (rows.append(len(x)), velocity(self, x, t, cond))[1],
    )
    from secantfw.evaluation.baseline_rows import baseline_rows
    from secantfw.evaluation.sources import Sources
    from secantfw.sampling.draw import draw, starts

    said = content(folder / "small.toml")
    said["finalists"]["2"][1]["nfe"] = 1  # a false claim: what is printed is counted
    put(folder, said)
    made = built(folder / "small.toml")
    sources = Sources(made, made.student)
    files = made.experiment.evaluate.baselines
    known = read_baselines(files.own[0], files.registry)
    finalists = baseline_rows(sources, known, ())
    assert len(finalists) == 5
    for row in finalists:
        rows[:] = []
        (start,) = starts(made.dataset.spec, 0, 64, 64, torch.device("cpu"))
        draw(sources.field("teacher", row.guidance), row.solver.solver, start, row.steps)
        assert sum(rows) == 64 * row.nfe, row.title


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), 0.03),
        (("evaluate.samples=64",), 0.04),
        (("evaluate.samples=96",), None),
        (('metrics.use=[{use="frechet",features="identity",pixels="float"}]',), None),
    ],
)
def test_the_ceiling_stands_only_where_it_can_be_compared(secantfw, folder, overrides, expected):
    said = content(folder / "small.toml")
    if overrides and "metrics" in overrides[0]:
        said["metrics"]["frechet_distance"]["reference"] = "other data"
        overrides = ()
    put(folder, said)
    found, run, _ = evaluated(secantfw, folder, *overrides)
    if expected is None:
        assert "ceiling" not in found
        return
    assert found["ceiling"] == {
        "name": "midpoint, 50 steps w=2 t<=0.5",
        "values": {"frechet_distance": expected},
    }
    assert "ceiling: midpoint, 50 steps w=2 t&lt;=0.5" in (run / "report.html").read_text()


def test_other_finalists_are_another_evaluation(folder):
    from secantfw.baselines.find import find_baselines
    from secantfw.evaluation.sources import Sources
    from secantfw.evaluation.write import _key

    said = content(folder / "small.toml")
    keys = []
    for steps in (1, 2):
        said["finalists"]["1"][0]["steps"] = steps
        put(folder, said)
        made = built(folder / "small.toml")
        keys.append(_key(Sources(made, made.student), find_baselines(made, print)))
    assert keys[0] != keys[1]


def test_the_first_finalist_of_an_nfe_is_shown_as_the_series(tmp_path):
    from types import SimpleNamespace

    from secantfw.assembly.row import NamedSolver, PlannedRow
    from secantfw.evaluation.drawn_blocks import DrawnBlocks
    from secantfw.evaluation.row_measurement import RowMeasurement
    from secantfw.pictures.series import Series
    from secantfw.reporting.sample_pictures import read_gallery

    pixels = torch.zeros((4, 1, 2, 2), dtype=torch.uint8)
    data = SimpleNamespace(to_uint8=lambda samples: pixels)
    built = SimpleNamespace(dataset=data, device=torch.device("cpu"))
    sources = SimpleNamespace(built=built, seeds=(0,), keys=SimpleNamespace(picture=4))
    drawn = DrawnBlocks(sources, None, None, None)
    for place in (1, 2):
        row = PlannedRow("teacher", NamedSolver("midpoint", None), 2, 4, place=place)
        shown = [torch.zeros(n, 1, 2, 2) for n in [drawn._shown(row, 0, range(64))] if n]
        RowMeasurement(sources, None, tmp_path)._picture(row, shown, 4)
    assert [p.name for p in tmp_path.iterdir()] == ["teacher-tuned solver-004.png"]
    gallery = read_gallery(tmp_path)
    assert (gallery.series, gallery.counts) == ((Series("teacher", "tuned solver"),), (4,))
