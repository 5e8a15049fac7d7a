"""A student is sampled in the number of steps it was trained for; others are warned of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

pytestmark = pytest.mark.plugin("basics", "data", "picard", "fid", "flowmaps", "edm", "solvers")

SMALL = (
    "train.steps=2",
    "train.warmup_steps=1",
    "train.batch_size=8",
    "backbone.width=16",
    "evaluate.samples=16",
    "evaluate.batch_size=16",
    "evaluate.reference_steps=2",
    "evaluate.nfe=[1,2,3]",
    "time_sampler.segments=2",
)
WARNING = (
    "secantfw: warning: {} steps, and this student was trained for 2 (time_sampler.segments = 2)\n"
)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    from secantfw.cli.main import main

    out = tmp_path_factory.mktemp("runs")
    file = Path(__file__).parents[2] / "experiments" / "gmm_picard.toml"
    assert main(["run", str(file), *SMALL, "--out", str(out)]) == 0
    (found,) = out.glob("gmm_picard/*")
    return found


def marked(run):
    rows = json.loads((run / "evaluation.json").read_text())["rows"]
    return {(row["model"], row["solver"], row["steps"]) for row in rows if "off_grid" in row}


def test_rows_along_secants_of_another_number_of_steps_are_marked(run):
    assert marked(run) == {("student", "secant", 1), ("student", "secant", 3)}


def test_evaluate_says_it_once(run, secantfw):
    said = secantfw("evaluate", run)
    assert said.err.count("warning") == 1
    assert WARNING.format("1, 3") in said.err
    assert "warning" not in secantfw("evaluate", run, "--nfe", "2").err
    assert marked(run) == set()
    assert secantfw("evaluate", run).code == 0


def test_sample_takes_the_trained_number_and_warns_of_another(run, secantfw, tmp_path):
    for name, steps in (("default", ()), ("two", ("--steps", 2)), ("three", ("--steps", 3))):
        said = secantfw("sample", run, "--count", 8, *steps, "--out", tmp_path / name)
        assert said.code == 0
        assert said.err.count(WARNING.format(3)) == (name == "three")
    drawn = {f.parent.name: f.read_bytes() for f in tmp_path.glob("*/*.npy")}
    assert drawn["default"] == drawn["two"] != drawn["three"]


def test_shares_of_the_samples_warn_once(run, secantfw, tmp_path):
    said = [
        secantfw("sample", run, "--count=130", "--steps=3", f"--shard={i}/2", "--out", tmp_path)
        for i in (0, 1)
    ]
    assert [one.err.count(WARNING.format(3)) for one in said] == [1, 0]


def test_a_notebook_takes_the_trained_number_and_warns_of_another(run, capfd):
    import secantfw

    loaded = secantfw.load(run)
    drawn = loaded.sample(4)
    assert drawn.steps == 2
    assert torch.equal(drawn.x, loaded.sample(4, steps=2).x)
    assert "warning" not in capfd.readouterr().err
    loaded.sample(4, steps=3)
    assert capfd.readouterr().err.count(WARNING.format(3)) == 1


def test_a_solver_that_goes_back_to_noise_takes_secants_of_its_own(run, secantfw, tmp_path):
    words = ("solver.use=secant_restart", "--count", 4, "--steps", 2, "--out", tmp_path)
    assert "2 steps over other times" in secantfw("sample", run, *words).err


def test_rows_over_other_times_are_marked_and_told(run, secantfw):
    spaced = "{use='secant',spacing='logit_normal',mean=0.5}"
    words = (f"evaluate.solvers=['secant',{spaced},'secant_restart']", "--nfe", "2")
    said = secantfw("evaluate", run, *words)
    assert said.code == 0
    assert said.err.count("2 steps over other times") == 1
    rows = json.loads((run / "evaluation.json").read_text())["rows"]
    names = {
        (r["solver"], r.get("label", "")): "off_grid" in r for r in rows if r["model"] == "student"
    }
    assert sorted(names.values()) == [False, True, True], names


def test_solvers_that_have_nobody_to_sample_are_named(run, secantfw):
    words = ("evaluate.teacher=false", "evaluate.solvers=['secant','euler']", "--nfe", "2")
    said = secantfw("evaluate", run, *words)
    assert said.code == 0
    assert said.err.count("evaluate.teacher = false leaves out euler") == 1
    assert "leaves out" not in secantfw("evaluate", run, *words[1:]).err


@pytest.mark.parametrize(
    ("name", "options", "trained", "practised"),
    [
        ("basics:segments", {"segments": 4}, 4, {4}),
        ("basics:floor_grid", {"segments": 4}, 4, {4}),
        ("basics:continuous", {"segments": 4}, 4, {4, 5, 6, 7, 8}),
        ("basics:continuous", {"segments": 1}, 1, set(range(1, 9))),
        ("basics:equal", {}, None, set(range(1, 9))),
        ("edm:rho_segments", {"segments": 4}, 4, set()),  # no equal steps
        ("edm:noise_levels", {}, None, set(range(1, 9))),
        ("flowmaps:with_tangents", {}, None, set(range(1, 9))),
        ("flowmaps:dyadic", {"finest": 16}, None, {1, 2, 4, 8}),
        ("flowmaps:dyadic", {"finest": 8}, None, {1, 2, 4}),
        ("flowmaps:to_data", {}, 1, {1}),
        ("flowmaps:to_data", {"spacing": "grid"}, 1, {1}),
    ],
)
def test_each_law_of_times_knows_what_it_trains(name, options, trained, practised):
    from secantfw.load_plugins import load_plugins
    from secantfw.testing.subject import subject_of

    registry = load_plugins().registry
    component = next(c for c in registry.of_kind("time_sampler") if c.full_name == name)
    sampler = subject_of(component, registry, options).object
    assert sampler.trained_steps() == trained
    assert {n for n in range(1, 9) if _takes_trained(sampler, n)} == practised


def test_rho_segments_practise_the_steps_of_edm():
    from secantfw_edm.options import RhoSegmentsOptions
    from secantfw_edm.rho_segments import RhoSegments

    from secantfw.testing.reference_paths import StraightLine

    path, sampler = StraightLine(), RhoSegments(RhoSegmentsOptions(segments=4))
    nodes = sampler.times(path, torch.device("cpu"))
    assert sampler.practises(nodes[:-1], nodes[1:], path).all()
    assert not sampler.practises(nodes[:-2], nodes[2:], path).any()


def test_dyadic_is_right_about_the_steps_it_draws():
    from secantfw_flowmaps.options import DyadicOptions
    from secantfw_flowmaps.times.dyadic import Dyadic

    from secantfw import TimesNeed
    from secantfw.testing.reference_paths import StraightLine

    sampler = Dyadic(DyadicOptions(finest=16, tangent_share=0.0))
    rng = torch.Generator().manual_seed(0)
    times = sampler.sample(2000, TimesNeed(), StraightLine(), rng, 0.5)
    steps = {round(1 / length) for length in (times.t - times.s).tolist()}
    assert steps == {n for n in range(1, 100) if _takes_trained(sampler, n)}


def _takes_trained(sampler, steps):
    """Whether all of `steps` equal steps are practised."""
    from secantfw.testing.reference_paths import StraightLine

    nodes = torch.linspace(1, 0, steps + 1)
    return bool(sampler.practises(nodes[:-1], nodes[1:], StraightLine()).all())
