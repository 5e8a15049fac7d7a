"""The reference solution is as exact as it says, and says the same in every run of one teacher."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from secantfw.assembly.build import build_experiment
from secantfw.evaluation.sources import Sources
from secantfw.experiment.load import load
from secantfw.load_plugins import load_plugins
from secantfw.sampling.draw import draw
from secantfw.sampling.reference import Reference, choose_reference
from secantfw.sampling.row_guidance import RowGuidance

EXPERIMENTS = Path(__file__).parents[2] / "experiments"
UNGUIDED = RowGuidance()
GUIDED = ("guidance.scale=2.0", "guidance.interval=[0.0,0.5]")

pytestmark = pytest.mark.plugin("basics", "data", "fid", "picard", "sit")


def sources(name, *overrides):
    loaded = load(EXPERIMENTS / f"{name}.toml", ['train.device="cpu"', *overrides], load_plugins())
    built = build_experiment(loaded.experiment, torch.device("cpu"))
    return Sources(built, built.student)


def true_error(made, scale, steps, fine, seed=0):
    """Of `steps` steps, against `fine` ones."""
    solver, start = made.reference(scale).solver, made.start(seed, range(made.keys.compute_batch))
    ends = [draw(made.field("teacher", scale), solver, start, n) for n in (steps, fine)]
    return float((ends[0].double() - ends[1].double()).square().mean())


@pytest.mark.parametrize("tolerance", [1e-4, 1e-5, 1e-7])
def test_the_claimed_error_is_the_true_one_of_a_closed_form(tolerance):
    made = sources(
        "gmm_picard", f"evaluate.reference_tolerance={tolerance}", "evaluate.reference_steps=4"
    )
    found = made.reference(UNGUIDED)
    assert found.reached
    true = true_error(made, UNGUIDED, found.steps, 2048)
    assert true / 3 < found.error < 3 * true
    assert true < 1.5 * tolerance
    if found.steps > 4:  # half as many are not enough
        assert true_error(made, UNGUIDED, found.steps // 2, 2048) > tolerance / 2


@pytest.mark.parametrize("guidance", [(), GUIDED], ids=["unguided", "guided"])
def test_the_claimed_error_is_the_true_one_of_a_network(guidance):
    few = ("evaluate.samples=16", "evaluate.compute_batch=16", "evaluate.reference_tolerance=1e-5")
    made = sources("sit_picard", *few, *guidance)
    scale = RowGuidance(2.0, (0.0, 0.5)) if guidance else UNGUIDED
    found = made.reference(scale)
    assert found.reached
    assert found.steps == 24  # 1.5 times the evaluations of 16 Heun steps
    true = true_error(made, scale, found.steps, 96)
    assert true / 3 < found.error < 3 * true


def test_runs_of_one_teacher_share_their_truth_whatever_their_seeds_and_least_steps():
    """What may differ, and does here, is said beside it."""
    one = sources("gmm_picard", "evaluate.reference_steps=6", "evaluate.seed=3")
    other = sources("gmm_picard", "evaluate.reference_steps=64", "train.steps=200")
    assert one.truth(UNGUIDED) == other.truth(UNGUIDED)
    assert one.truth(UNGUIDED) == "teacher, basics:midpoint, error at most 1e-05"
    found = one.reference(UNGUIDED)
    assert one.truth_found([UNGUIDED]) == (
        f"teacher, basics:midpoint, {found.steps} steps, error {found.error:.1e} (tolerance 1e-05)"
    )
    finer = sources("gmm_picard", "evaluate.reference_tolerance=1e-6")
    fixed = sources("gmm_picard", "evaluate.reference_tolerance=0")
    spaced = sources("gmm_picard", 'evaluate.reference_solver={use="midpoint",spacing="shifted"}')
    assert finer.truth(UNGUIDED) == "teacher, basics:midpoint, error at most 1e-06"
    assert fixed.truth(UNGUIDED) == "teacher, basics:midpoint, 64 steps"
    assert spaced.truth(UNGUIDED).startswith(
        "teacher, basics:midpoint on shifted (shift 3), error"
    )


def test_a_tolerance_that_is_missed_is_said_and_not_compared_with_one_that_is_met():
    made = sources(
        "gmm_picard", "evaluate.reference_tolerance=1e-30", "evaluate.reference_steps=256"
    )
    found = made.reference(UNGUIDED)
    assert not found.reached
    assert found.steps == 1024
    assert made.truth(UNGUIDED) == "teacher, basics:midpoint, 1024 steps (tolerance 1e-30 missed)"


@pytest.mark.plugin("solvers")
def test_a_solver_that_bounds_its_own_error_is_taken_at_its_word():
    made = sources("gmm_picard", "evaluate.reference_solver=dopri5", "evaluate.reference_steps=2")
    assert made.reference(UNGUIDED).error is None
    assert made.truth(UNGUIDED) == "teacher, solvers:dopri5, 2 steps"


def test_a_high_order_is_not_counted_on():
    """Order 4 divides the difference by no more than order 2 does."""

    class Claims:
        adaptive, stochastic, order = False, False, 4

        def solve(self, field, x, t, s, steps, cond, rng=None):
            return x + 1 / steps

    made = sources("gmm_picard", "evaluate.samples=2", "evaluate.compute_batch=2")
    start = made.start(0, range(min(made.keys.samples, made.keys.compute_batch)))
    found = choose_reference(made.field("teacher", UNGUIDED), Claims(), [start], 10, 1.0)
    assert found == Reference(
        found.solver, 10, 1.0, pytest.approx(1.25 * (4 / 3) ** 2 / 400, rel=1e-3)
    )
