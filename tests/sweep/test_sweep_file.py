"""A sweep file: what runs it names, and what is wrong with one that names none."""

from __future__ import annotations

from pathlib import Path

import pytest

from secantfw.cli.main import main
from secantfw.errors import ExperimentError
from secantfw.sweep.sweep_file import read_sweep

SWEEPS = sorted((Path(__file__).parents[2] / "experiments" / "sweeps").glob("*.toml"))


@pytest.fixture
def read(tmp_path):
    (tmp_path / "toy.toml").touch()

    def read(text: str):
        file = tmp_path / "sweep.toml"
        file.write_text(text)
        return read_sweep(file)

    return read


def test_the_grid_is_every_combination_and_points_follow(read):
    plan = read(
        '[sweep]\nexperiment = "toy.toml"\nseeds = [3, 4]\n[sweep.set]\n"train.steps" = 9\n'
        '[sweep.grid]\n"loss.use" = ["a", "b"]\ntrain.learning_rate = [1e-3, 1e-4]\n'
        '[[sweep.points]]\nloss = { use = "c", draws = 2 }\n[[sweep.points]]\n'
    )
    assert plan.seeds == (3, 4)
    assert plan.common == ("train.steps=9",)
    assert [point.overrides for point in plan.points] == [
        ('loss.use="a"', "train.learning_rate=0.001"),
        ('loss.use="a"', "train.learning_rate=0.0001"),
        ('loss.use="b"', "train.learning_rate=0.001"),
        ('loss.use="b"', "train.learning_rate=0.0001"),
        ('loss.use="c"', "loss.draws=2"),
        (),
    ]


def test_without_grid_and_points_it_is_the_experiment_itself(read):
    assert [p.overrides for p in read('[sweep]\nexperiment = "toy.toml"\n').points] == [()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "sweep.toml:1: sweep.experiment: missing option 'experiment'"),
        ('[sweep]\nexperiment = "gone.toml"', "sweep.toml:2: sweep.experiment: no such file"),
        ("schema = 1", "unknown key 'schema'"),
        ('[sweep]\nexperiment = "toy.toml"\nseed = 1', "did you mean 'seeds'?"),
        ('[sweep]\nexperiment = "toy.toml"\nseeds = []', "expected one seed or more"),
        ('[sweep]\nexperiment = "toy.toml"\nseeds = [1, 1]', "each once"),
        ('[sweep]\nexperiment = "toy.toml"\nprocesses = 0', "processes: expected"),
        ('[sweep]\nexperiment = "toy.toml"\n[sweep.grid]\na = 1', "sweep.toml:4: sweep.grid.a"),
        ('[sweep]\nexperiment = "toy.toml"\n[sweep.grid]\na = []', "expected a list of values"),
        ('[sweep]\nexperiment = "toy.toml"\n[[sweep.points]]\nseed = 1', "is what [sweep] seeds"),
        ('[sweep]\nexperiment = "toy.toml"\ngrid = 1', "sweep.grid: expected a table of lists"),
        ('[sweep]\nexperiment = "toy.toml"\npoints = [1]', "expected a table of keys"),
        ("sweep = 1", "sweep: expected a table"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(read, text, said):
    with pytest.raises(ExperimentError) as error:
        read(text)
    assert said in str(error.value)


def test_a_grid_too_large_is_refused_before_it_is_written_out(read):
    axes = "".join(f"k{n} = [{', '.join(map(str, range(10)))}]\n" for n in range(9))
    with pytest.raises(ExperimentError, match="1,000,000,000 combinations"):
        read(f'[sweep]\nexperiment = "toy.toml"\n[sweep.grid]\n{axes}')


@pytest.mark.plugin("basics", "data", "picard", "fid")
@pytest.mark.parametrize("file", SWEEPS, ids=lambda f: f.stem)
def test_every_point_of_the_sweeps_that_ship_is_an_experiment(file, tmp_path, capsys):
    assert main(["sweep", str(file), "--list", "--out", str(tmp_path)]) == 0
    assert "not finished" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []
