"""The ablation study's script: what it runs, what it goes on with, what its table says."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "experiments" / "ablations"


@pytest.fixture(scope="module", autouse=True)
def script():
    """The folder's modules, importable as the script finds them, and forgotten afterwards."""
    sys.path.insert(0, str(FOLDER))
    modules = {name: importlib.import_module(name) for name in ("questions", "results", "table")}
    yield modules
    sys.path.remove(str(FOLDER))
    for name in modules:
        del sys.modules[name]


def test_it_runs_every_file_of_its_folder_once(script):
    names = script["questions"].files()
    assert sorted(names) == sorted(f.stem for f in FOLDER.glob("*.toml"))
    assert script["questions"].files(("times", "scratch")) == [
        "sdei", "times_continuous", "times_both", "scratch",
    ]  # fmt: skip


@pytest.mark.plugin("montecarlo")
def test_every_file_takes_at_most_300_steps(script):
    from secantfw.experiment.load import load
    from secantfw.load_plugins import load_plugins

    plugins = load_plugins()
    loaded = {f.stem: load(f, [], plugins).experiment for f in FOLDER.glob("*.toml")}
    assert max(e.train.steps for e in loaded.values()) == 300
    assert {len(e.evaluate.solvers) for e in loaded.values()} == {1}


def write_run(at: Path, frechet: float | None, saved: bool = True) -> Path:
    run = at / "name" / "stamp"
    (run / "checkpoints" / "step-000050").mkdir(parents=True)
    (run / "resolved.toml").touch()
    if saved:
        (run / "checkpoints" / "step-000050" / "state.json").touch()
    if frechet is not None:
        rows = [
            {"model": "student", "nfe": n, "frechet_distance": frechet / n,
             "trajectory_mse": 0.002} for n in (1, 2, 4, 8)
        ]  # fmt: skip
        (run / "evaluation.json").write_text(json.dumps({"rows": rows}))
        (run / "plan.json").write_text('{"evaluations_per_step": "3F 1B", "steps": 300}')
        (run / "outcome.json").write_text('{"seconds": 90}')
    return run


def test_finished_runs_are_known_by_their_evaluation(script, tmp_path):
    results = script["results"]
    places = [results.place(tmp_path, name, 0) for name in "abcd"]
    done, begun = write_run(places[0], 1.0), write_run(places[1], None)
    write_run(places[2], None, saved=False)
    assert [results.finished(at) for at in places] == [done, None, None, None]
    assert [results.interrupted(at) for at in places] == [None, begun, None, None]


def test_the_table_has_mean_spread_and_orderings_paired_by_seed(script, tmp_path):
    results, table = script["results"], script["table"]
    numbers = {
        "sdei": (4.0, 4.4), "times_continuous": (5.0, 5.0), "times_both": (4.9, 5.2),
        "scratch": (1.0,),
    }  # fmt: skip
    for file, by_seed in numbers.items():
        for seed, frechet in enumerate(by_seed):
            write_run(results.place(tmp_path, file, seed), frechet)
    text = table.markdown(results.collect(tmp_path, script["questions"].files()))
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert {len(line) for line in lines} == {16}
    said = {(line[1], line[14]): line for line in lines}
    row = said["`sdei.toml`", "3.23"]
    assert row[2:8] == ["3F 1B", "300", "4.200 ± 0.283", "2.100 ± 0.141", "**1.050 ± 0.071**",
                        "0.525 ± 0.035"]  # fmt: skip
    assert row[8] == "2.00 ± 0.00"
    assert row[12:14] == ["1.5", "2"]
    assert row[15] == "below `times_continuous`: yes (+0.200; 2 of 2 seeds)"
    row = said["`times_continuous.toml`", "4.29"]
    assert row[15] == "below `times_both`: undecided (+0.013; 1 of 2 seeds)"
    starts = [line for line in lines if line[15].startswith("below `scratch`")]
    assert [line[15] for line in starts] == ["below `scratch`: no (-0.750; 0 of 1 seed)"]
    assert said["`lambda_1.toml`", "2.84"][13] == "0"
    ends = [line for line in lines if "below `segments_2`" in line[15]]
    assert ends[0][15] == "below `segments_2`: not run"


def test_without_trajectory_errors_the_table_has_no_columns_for_them(script, tmp_path):
    results, table = script["results"], script["table"]
    run = write_run(results.place(tmp_path, "sdei", 0), 4.0)
    found = json.loads((run / "evaluation.json").read_text())
    for row in found["rows"]:
        del row["trajectory_mse"]
    (run / "evaluation.json").write_text(json.dumps(found))
    head, _, first, *_ = table.markdown(
        results.collect(tmp_path, script["questions"].files())
    ).splitlines()
    assert "error" not in head
    cells = [cell.strip() for cell in first.split("|")[1:-1]]
    assert cells[4:10] == ["4.000", "2.000", "**1.000**", "0.500", "1.5", "1"]
