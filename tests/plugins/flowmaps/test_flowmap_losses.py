"""The flow-map losses against values by hand, at the exact secant, and with seeded bugs."""

from __future__ import annotations

import pytest
import torch
from flowmaps_checks import (
    CASES,
    FIXED,
    failed_checks,
    moves_from_the_exact_secant,
    oracle_step_of,
)
from flowmaps_mutations import MUTATIONS
from flowmaps_subject import build

from secantfw.testing import conformance
from secantfw.testing.network_context import NetworkContext, loss_inputs
from secantfw.testing.reference_paths import QuarterCircle


@pytest.mark.parametrize("name", CASES)
def test_values_gradients_and_evaluations_are_those_by_hand(name):
    assert failed_checks(name) == set()


@pytest.mark.parametrize("name", FIXED)
def test_the_mean_gradient_vanishes_at_the_exact_secant(name):
    assert build(name, FIXED[name]).fixed_point
    step = oracle_step_of(name, FIXED[name])
    assert not moves_from_the_exact_secant(step), step.z


@pytest.mark.parametrize(("name", "options"), [("mean_flow", {}), ("consistency_training", {})])
def test_a_loss_that_declares_another_fixed_point_says_why_and_has_one(name, options):
    loss = build(name, options)
    assert not loss.fixed_point
    assert loss.fixed_point_note
    assert moves_from_the_exact_secant(oracle_step_of(name, options))


def test_mean_flow_with_a_teacher_keeps_the_exact_secant_whatever_its_weight():
    options = {"tangent": "teacher", "power": 1.0, "offset": 1.0}
    assert build("mean_flow", options).fixed_point
    step = oracle_step_of("mean_flow", options)
    assert not moves_from_the_exact_secant(step), step.z


@pytest.mark.parametrize("mutation", MUTATIONS, ids=str)
def test_a_seeded_bug_is_caught(mutation):
    if "fixed_point" in mutation.caught_by:
        step = oracle_step_of(mutation.loss, FIXED[mutation.loss], mutation.patch)
        assert moves_from_the_exact_secant(step), step.z
    expected = set(mutation.caught_by) - {"fixed_point"}
    assert expected
    assert expected <= failed_checks(mutation.loss, mutation.patch)


def test_every_loss_has_at_least_five_seeded_bugs():
    for name in CASES:
        assert sum(m.loss == name for m in MUTATIONS) >= 5, name


@pytest.mark.parametrize("name", ["mean_flow", "lagrangian", "eulerian"])
def test_differences_give_the_loss_of_the_exact_derivative_and_need_no_jvp(name):
    exact, differences = build(name, {}), build(name, {"derivative": "finite_difference"})
    assert "jvp" in exact.requirements()
    assert "jvp" not in differences.requirements()
    losses = []
    for loss in (exact, differences):
        ctx = NetworkContext(QuarterCircle())
        given = loss_inputs(loss.times_needed(), ctx.path, False, guidance=True)
        losses.append(loss(ctx, given.batch, given.times).per_sample.detach())
    torch.testing.assert_close(losses[0], losses[1], rtol=1e-2, atol=1e-2)


@conformance("loss:flowmaps:mean_flow", options={"power": 0.0})
def test_mean_flow_without_its_weight_conforms():
    pass


@conformance("loss:flowmaps:shortcut", options={"weights": "live"})
def test_shortcut_with_live_targets_conforms():
    pass
