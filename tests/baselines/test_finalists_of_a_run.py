"""A run measures the finalists of its teacher's baselines again; which file is of its teacher."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from training import small_experiment

from secantfw.baselines.file import read_baselines
from secantfw.baselines.fingerprint import teacher_fingerprint
from secantfw.plugin.loader import load_plugins

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "solvers")

TOML = small_experiment.TOML.replace(
    'use = ["trajectory"]', 'use = [{use="frechet",features="identity"},"trajectory"]'
)
GUIDED = {"scale": 2.0, "interval": [0.0, 0.5]}
NONE = {"scale": 1.0, "interval": [0.0, 1.0]}


def finalist(use, steps, nfe, guidance=NONE, objective="frechet_distance", **options):
    return {
        "objective": objective,
        "solver": {"use": use, **options},
        "steps": steps,
        "nfe": nfe,
        "guidance": guidance,
        "samples": 64,
        "score": 0.5,
    }


def built(file, *overrides):
    from functools import partial

    from secantfw.experiment.load import load
    from secantfw.plugin.weights_formats import weights_formats
    from secantfw.training.build import build_experiment

    plugins = load_plugins()
    loaded = load(file, overrides, plugins)
    formats = partial(weights_formats, plugins)
    return build_experiment(loaded.experiment, torch.device("cpu"), formats)


def content(file: Path, *overrides: str) -> dict:
    """A baselines file of the experiment's teacher, and of its metrics."""
    made = built(file, *overrides)
    from secantfw.evaluation.baseline_rows import protocol_text

    teacher = teacher_fingerprint(made)
    return {
        "schema": 1,
        "teacher": {
            "fingerprint": teacher.fingerprint,
            "component": teacher.component,
            "parameters": teacher.parameters,
        },
        "search": {
            "secantfw": "0", "torch": "2", "device": "cpu", "seed": 250514502,
            "compute_batch": 64, "rungs": [64], "guidance": NONE,
        },
        "metrics": {metric.key: protocol_text(metric) for metric in made.metrics},
        "finalists": {
            "1": [finalist("basics:euler", 1, 1, spacing="shifted")],
            "2": [
                finalist("basics:midpoint", 1, 2),
                finalist("basics:euler", 1, 2, {"scale": 2.0, "interval": [0.5, 1.0]}),
                finalist("solvers:ipndm", 2, 2, spacing="rho", sigma_min=0.1),
                finalist("basics:heun", 1, 1, objective="trajectory_mse", spacing="rho"),
                finalist("solvers:deis", 2, 2, objective="trajectory_mse"),
                finalist("basics:euler", 1, 1, GUIDED, objective="trajectory_mse"),
            ],
        },
        "ceilings": [
            {
                "solver": {"use": "basics:midpoint"}, "steps": 50, "nfe": 100, "guidance": GUIDED,
                "samples": samples, "seeds": 1, "values": {"frechet_distance": value},
            }
            for samples, value in ((64, 0.04), (128, 0.03))
        ],
        "dropped": [],
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The current directory, with the experiment in it."""
    monkeypatch.chdir(tmp_path)
    small_experiment.write(tmp_path, TOML)
    return tmp_path


def put(folder: Path, said: dict) -> Path:
    file = folder / "baselines" / f"{said['teacher']['fingerprint'][:16]}.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(said))
    return file


def evaluated(secantfw, folder, *overrides):
    said = secantfw("run", folder / "small.toml", *overrides, "--out", folder / "runs")
    assert said.code == 0, said.err
    run = max((folder / "runs").glob("small/*"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads((run / "evaluation.json").read_text()), run, said


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


def test_the_fingerprint_is_of_the_teacher_alone(folder):
    file = folder / "small.toml"
    mine = teacher_fingerprint(built(file)).fingerprint
    same = ("guidance.scale=2.0", "train.steps=3", "evaluate.samples=64", "dataset.size=600")
    assert teacher_fingerprint(built(file, *same)).fingerprint == mine
    for other in ("teacher.radius=1.7", 'path.use="trigonometric"'):
        assert teacher_fingerprint(built(file, other)).fingerprint != mine, other


@pytest.mark.plugin("sit")
def test_the_fingerprint_has_the_weights_and_not_how_they_are_computed(experiments):
    file = experiments / "sit_picard.toml"
    made = built(file, "evaluate.samples=0")
    mine = teacher_fingerprint(made)
    explicit = built(file, "evaluate.samples=0", 'teacher.attention="explicit"')
    assert teacher_fingerprint(explicit) == mine
    name, tensor = next(iter(explicit.teacher.weights().items()))
    tensor.view(-1)[0] += 1e-3
    assert teacher_fingerprint(explicit).fingerprint != mine.fingerprint, name


def spoilt(said: dict, how: str) -> str:
    """The file's text, wrong in some way."""
    if how == "not JSON":
        return json.dumps(said)[:-5]
    if how == "another teacher":
        said["teacher"]["fingerprint"] = "0" * 64
    elif how == "no teacher":
        del said["teacher"]
    elif how == "another schema":
        said["schema"] = 9
    elif how == "steps of text":
        said["finalists"]["2"][0]["steps"] = "many"
    elif how == "a list":
        return "[1, 2]"
    elif how == "guidance":
        said["finalists"]["2"][1]["guidance"]["interval"] = [0.5, 0.1]
    return json.dumps(said)


SAID = {
    "not JSON": "no baselines file: not JSON",
    "another teacher": "baselines of another teacher",
    "no teacher": "no baselines file: it lacks 'teacher'",
    "another schema": "baselines of schema 9; this secantfw reads 1",
    "steps of text": "no baselines file: invalid literal for int()",
    "a list": "no baselines file: it lacks 'schema'",
    "guidance": "no baselines file: guidance of scale 2 in [0.5, 0.1]",
}


@pytest.mark.parametrize("how", SAID)
@pytest.mark.parametrize("named", [True, False])
def test_a_file_that_is_none_of_this_teachers_is_refused(secantfw, folder, how, named):
    """In one line, before training."""
    said = content(folder / "small.toml")
    file = put(folder, said)
    file.write_text(spoilt(said, how))
    override = (f'evaluate.baselines="{file}"',) if named else ()
    refused = secantfw("run", folder / "small.toml", *override, "--out", folder / "runs")
    assert refused.code == 2
    assert SAID[how] in refused.err
    assert str(file) in refused.err
    assert "training" not in refused.err


def test_a_file_that_is_not_there_is_refused_at_its_line(secantfw, folder):
    said = secantfw("check", folder / "small.toml", 'evaluate.baselines="nowhere.json"')
    assert said.code == 2
    assert "evaluate.baselines: no such file: 'nowhere.json'" in said.out


def test_a_finalist_of_a_solver_that_is_not_installed_is_left_out(folder):
    said = content(folder / "small.toml")
    said["finalists"]["1"].append(finalist("gone:solver", 1, 1))
    found = read_baselines(put(folder, said), load_plugins().registry)
    assert len(found.finalists[1]) == 1


def test_a_plug_in_ships_baselines_as_an_asset(secantfw, folder):
    said = content(folder / "small.toml")
    (folder / "shipped.json").write_text(json.dumps(said))
    (folder / "ships.py").write_text(
        "import secantfw\n\n\n@secantfw.hookimpl\ndef secantfw_components(register):\n"
        "    register.asset('baselines/mine', 'shipped.json')\n"
    )
    found, _, _ = evaluated(secantfw, folder, 'local_plugins=["ships.py"]')
    assert [row for row in found["rows"] if row.get("baseline")]


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

    from secantfw.evaluation.row_measurement import RowMeasurement
    from secantfw.evaluation.rows import NamedSolver, Row
    from secantfw.reporting.evaluation_rows import Series
    from secantfw.reporting.sample_pictures import read_gallery

    pixels = torch.zeros((4, 1, 2, 2), dtype=torch.uint8)
    data = SimpleNamespace(to_uint8=lambda samples: pixels)
    sources = SimpleNamespace(built=SimpleNamespace(dataset=data, device=torch.device("cpu")))
    (tmp_path / "samples").mkdir()
    for place in (1, 2):
        row = Row("teacher", NamedSolver("midpoint", None), 2, 4, place=place)
        RowMeasurement(sources, print, tmp_path, None)._picture(row, [torch.zeros(4, 1, 2, 2)], 4)
    assert [p.name for p in (tmp_path / "samples").iterdir()] == ["teacher-tuned solver-004.png"]
    gallery = read_gallery(tmp_path / "samples")
    assert (gallery.series, gallery.counts) == ((Series("teacher", "tuned solver"),), (4,))
