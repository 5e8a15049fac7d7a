"""`train.teacher_tolerance`: the steps of the losses' solves follow from their own error."""

from __future__ import annotations

import json

import pytest

from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.training.job import prepare
from secantfw.training.teacher_steps import choose_teacher_steps

pytestmark = pytest.mark.plugin("basics", "data", "fid", "montecarlo")

TOML = """\
schema = 1
title = "small"
[dataset]
use = "gaussian_mixture"
[path]
use = "linear"
[teacher]
use = "gaussian_mixture"
[backbone]
use = "mlp"
width = 16
depth = 1
[loss]
use = "monte_carlo"
draws = 1
[time_sampler]
use = "segments"
segments = 1
[train]
steps = 2
batch_size = 16
[evaluate]
samples = 0
"""


def prepared(tmp_path, *overrides):
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    return prepare(load(file, list(overrides), load_plugins()), load_plugins())


def chosen(run):
    return choose_teacher_steps(run.built, run.ctx, run.source)


def test_the_multiple_is_the_least_power_of_two_within_the_tolerance(tmp_path):
    loose = chosen(prepared(tmp_path))
    assert loose.multiple == 1
    tolerance = loose.error / 100
    run = prepared(tmp_path, f"train.teacher_tolerance={tolerance}")
    found = chosen(run)
    assert found.error <= tolerance < loose.error
    assert run.ctx.solve_multiple == found.multiple > 1
    half = prepared(tmp_path, f"train.teacher_tolerance={found.error * 1.01}")
    assert chosen(half).multiple == found.multiple
    assert chosen(prepared(tmp_path, f"train.teacher_tolerance={found.error * 0.99}")).multiple > (
        found.multiple
    )


def test_the_error_is_that_of_a_fine_solve(tmp_path):
    """Within a factor of 3, like the reference solution's."""
    run = prepared(tmp_path, "train.teacher_tolerance=1e-4")
    found = chosen(run)
    with run.ctx.recording() as solves:
        times = run.built.time_sampler.sample(
            16, run.built.loss.times_needed(), run.built.path,
            run.source.streams.at("times", 0), 0.0,
        )  # fmt: skip
        run.built.loss(run.ctx, run.source.few(16).batch(0), times)
    import attrs
    import torch

    def ends(multiple):
        pieces = [run.ctx.integrate(attrs.evolve(s, steps=s.steps * multiple)) for s in solves]
        return torch.cat(pieces)

    true = float((ends(found.multiple) - ends(512)).square().mean())
    assert true / 3 < found.error < 3 * true + 1e-9


def test_nothing_is_counted_and_the_steps_cost_what_they_are(tmp_path):
    run = prepared(tmp_path, "train.teacher_tolerance=1e-5")
    found = chosen(run)
    assert run.ctx.counts.evaluations == 0
    times = run.built.time_sampler.sample(
        16, run.built.loss.times_needed(), run.built.path, run.source.streams.at("times", 0), 0.0
    )
    run.built.loss(run.ctx, run.source.few(16).batch(0), times)
    # one tangent at x_r, and midpoint's two evaluations a step
    assert run.ctx.counts.teacher == 16 * (1 + 2 * found.multiple)


def test_the_plan_says_it(tmp_path, secantfw):
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    words = ("run", file, "--out", tmp_path / "runs", "train.teacher_tolerance=1e-4")
    said = secantfw(*words)
    assert said.code == 0
    assert "teacher's ODE" in said.out + said.err
    (plan,) = (tmp_path / "runs").glob("*/*/plan.json")
    text = json.loads(plan.read_text())["teacher_solve"]
    assert text.startswith("basics:midpoint, ")
    assert "(tolerance 0.0001)" in text
