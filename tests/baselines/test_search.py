"""The search for strong baselines: what it tries, finds, drops, and how it goes on."""

from __future__ import annotations

import json
import math
from functools import partial

import pytest
import torch
from secantfw_basics.options import HeunOptions
from training import small_experiment

from secantfw import GridOptions
from secantfw.assembly.build import build_experiment
from secantfw.baselines.records import Candidate
from secantfw.experiment.components import choose_from
from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.sampling.solver_text import solver_text
from secantfw.search.candidates import Candidates, own_guidances, tried_guidances
from secantfw.search.choices import solver_choices
from secantfw.search.halving import halve
from secantfw.search.search import objectives
from secantfw.weights.formats import weights_formats

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "solvers")

TOML = small_experiment.TOML.replace(
    'use = ["trajectory"]', 'use = [{use="frechet",features="identity"},"trajectory"]'
)
FAST = ("--nfe", "1,3", "--rungs", "16,32,64", "--ceiling", "6", "--ceiling-samples", "64,128")


@pytest.fixture
def few_solvers(monkeypatch):
    """Of all solvers three remain, on two grids: a search of a second."""
    from secantfw.search import choices

    grids = [{"spacing": "uniform"}, {"spacing": "logsnr", "sigma_min": 0.1, "sigma_max": 5.0}]
    monkeypatch.setattr(choices, "tried_grids", lambda: grids)
    registry_of = choices.solver_choices

    def few(registry):
        found = registry_of(registry)
        names = ("basics:euler", "basics:heun", "basics:midpoint")
        return choices.Choices(tuple(c for c in found.solvers if c.full_name in names))

    from secantfw.search import task

    monkeypatch.setattr(task, "solver_choices", few)


def built(tmp_path, *overrides):
    plugins = load_plugins()
    loaded = load(small_experiment.write(tmp_path, TOML), overrides, plugins)
    formats = partial(weights_formats, plugins)
    return build_experiment(loaded.experiment, torch.device("cpu"), formats), plugins


def search(secantfw, folder, *more):
    file = small_experiment.write(folder, TOML)
    return secantfw("baselines", file, *FAST, "--out", folder / "found.json", *more)


def measured(folder):
    (file,) = folder.glob(".found.search/*/measurements.jsonl")
    return file


def test_every_deterministic_solver_of_the_teachers_ode_is_tried():
    plugins = load_plugins()
    found = solver_choices(plugins.registry)
    names = {chosen.component.name for chosen in found.solvers}
    assert found.refused == ()
    assert {"euler", "heun", "midpoint", "ipndm", "deis", "unipc", "dpm_solver_pp"} <= names
    assert not names & {"secant", "secant_restart", "secant_graph", "euler_maruyama", "dopri5"}
    heun = [c.options for c in found.solvers if c.full_name == "basics:heun"]
    assert len(heun) == 16
    assert all(o.final == "euler" for o in heun)
    assert {c.options.order for c in found.solvers if c.component.name == "ipndm"} == {2, 3, 4}


def test_what_takes_the_same_steps_is_one_candidate(tmp_path):
    made, plugins = built(tmp_path)
    table = {"use": "basics:euler", "spacing": "logit_normal"}
    euler = [choose_from(plugins.registry, "solver", {**table, "std": std}) for std in (0.8, 1.3)]
    one_or_two = [len(Candidates(made, n).of(euler, [RowGuidance()])) for n in (1, 2, 3)]
    assert one_or_two == [1, 1, 2]  # in two steps the middle is the median, whatever std
    candidates = Candidates(made, 3)
    (plain, *_) = candidates.of(euler[:1], [RowGuidance()])
    assert (plain.steps, plain.nfe) == (3, 3)
    late, never = RowGuidance(2.0, (0.0, 0.5)), RowGuidance(2.0, (0.0, 1e-3))
    assert candidates.of(euler[:1], [never]) == []  # no time of the grid is in the interval
    assert candidates.of(euler[:1], [never], compared=True)  # with other trajectories
    (guided,) = candidates.of(euler[:1], [late])
    assert (guided.steps, guided.nfe) == (2, 3)


def test_halving_keeps_the_best_on_ever_more_samples():
    under, asked = RowGuidance(), []
    euler = choose_from(load_plugins().registry, "solver", {"use": "euler"})
    pool = [Candidate(euler, n, n, under) for n in range(1, 101)]

    def score(candidate, samples):
        asked.append(samples)
        if candidate.steps == 1:
            return None  # failed
        return math.nan if candidate.steps == 2 else float(abs(candidate.steps - 50))

    found = halve(pool, (8, 16, 32, 64), score, lower_is_better=True)
    assert found[0].candidate.steps == 50
    assert [asked.count(n) for n in (8, 16, 32, 64)] == [100, 13, 12, 3]
    assert len({one.score for one in found}) == len(found)  # of equal values the first stands
    most = halve(pool, (8, 16), score, lower_is_better=False)
    assert most[0].candidate.steps in (3, 97, 100)


def test_a_metric_of_trajectories_has_an_objective_for_each_guidance(tmp_path):
    made, _ = built(tmp_path, "guidance.scale=2.0", "guidance.interval=[0.0,0.5]")
    own = own_guidances(made)
    assert own == [RowGuidance(), RowGuidance(2.0, (0.0, 0.5))]
    found = objectives(made.metrics, own)
    assert [(o.key, o.guidance) for o in found] == [
        ("frechet_distance", None),
        ("trajectory_mse", own[0]),
        ("trajectory_mse", own[1]),
    ]
    assert len(tried_guidances()) == 20


def test_the_best_of_a_few_is_found_and_the_file_says_how(few_solvers, secantfw, tmp_path):
    """Of the error along the trajectory: the midpoint rule on a grid by level, at 4 NFE."""
    said = search(secantfw, tmp_path, "--nfe", "4")
    assert said.code == 0, said.err
    content = json.loads((tmp_path / "found.json").read_text())
    best = {}
    for one in content["finalists"]["4"]:
        best.setdefault((one["objective"], one["guidance"]["scale"]), one)
    along = best["trajectory_mse", 1.0]
    assert along["solver"]["use"] in ("basics:midpoint", "basics:heun")
    assert along["nfe"] <= 4
    assert along["score"] < 1e-3
    assert content["search"]["seed"] == 250514502
    values = {c["samples"]: c["values"] for c in content["ceilings"]}
    assert set(values) == {64, 128}
    assert set(values[64]) == {"frechet_distance"}
    assert "ceiling: midpoint, 3 steps" in said.out


def test_a_search_that_is_killed_goes_on_to_the_same_bytes(
    few_solvers, secantfw, tmp_path, monkeypatch
):
    from secantfw.search.measure import Measurer

    whole = tmp_path / "whole"
    whole.mkdir()
    assert search(secantfw, whole).code == 0
    make, made = Measurer._values, []

    def stopped(self, *arguments):
        if len(made) == 20:
            raise KeyboardInterrupt
        made.append(arguments[0])
        return make(self, *arguments)

    monkeypatch.setattr(Measurer, "_values", stopped)
    said = search(secantfw, tmp_path)
    assert said.code == 130
    assert "the same command goes on" in said.err
    with measured(tmp_path).open("a") as stream:
        stream.write('{"key": {"torn')  # a line that was being written
    monkeypatch.setattr(Measurer, "_values", lambda s, *a: (made.append(a[0]), make(s, *a))[1])
    first = len(made)
    assert search(secantfw, tmp_path).code == 0
    both = [path / "found.json" for path in (whole, tmp_path)]
    assert both[0].read_bytes() == both[1].read_bytes()
    lines = [json.loads(line)["key"] for line in measured(tmp_path).read_text().splitlines()]
    assert len(lines) == len(made) > first  # nothing was measured twice
    assert len({json.dumps(key) for key in lines}) == len(lines)


def test_a_candidate_that_fails_is_dropped_and_named(few_solvers, secantfw, tmp_path, monkeypatch):
    from secantfw_basics.solvers.midpoint import Midpoint

    def broken(self, field, x, *rest):
        raise ValueError("no such rule")

    monkeypatch.setattr(Midpoint, "solve", broken)
    override = 'evaluate.reference_solver="heun"'
    said = search(secantfw, tmp_path, override, "--nfe", "2", "--ceiling", "none")
    assert said.code == 0, said.err
    assert "dropped: midpoint, 2 NFE: ValueError: no such rule" in said.err
    content = json.loads((tmp_path / "found.json").read_text())
    assert any("no such rule" in line for line in content["dropped"])
    assert not any("midpoint" in one["solver"]["use"] for one in content["finalists"]["2"])


def test_other_nfe_of_the_file_stay(few_solvers, secantfw, tmp_path):
    assert search(secantfw, tmp_path).code == 0
    before = json.loads((tmp_path / "found.json").read_text())
    assert search(secantfw, tmp_path, "--nfe", "2").code == 0
    after = json.loads((tmp_path / "found.json").read_text())
    assert set(after["finalists"]) == {"1", "2", "3"}
    assert {n: after["finalists"][n] for n in ("1", "3")} == before["finalists"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--rungs", "32,16"), "--rungs: expected rising numbers such as 1,2,4, got 32,16"),
        (("--nfe", "one"), "--nfe: expected rising numbers"),
        (("metrics.use=[]",), "no metric of samples"),
        (("evaluate.seed=250514502",), "evaluate.seed: 250514502 is the seed by which baselines"),
    ],
)
def test_what_cannot_be_searched_is_refused(secantfw, tmp_path, arguments, expected):
    said = search(secantfw, tmp_path, *arguments)
    assert said.code == 2
    assert expected in said.err
    assert not (tmp_path / "found.json").exists()


def test_a_solver_is_told_by_what_differs_from_its_defaults():
    grid = GridOptions(spacing="logit_normal", mean=-0.1)
    assert solver_text(grid) == "logit_normal (mean -0.1, std 1)"
    assert solver_text(HeunOptions()) == ""
    assert solver_text(HeunOptions(final="heun", spacing="rho", sigma_min=0.1)) == (
        "final=heun rho (rho 7, sigma_min 0.1, sigma_max 80)"
    )
