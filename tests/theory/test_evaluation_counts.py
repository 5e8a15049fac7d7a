"""Evaluations per sample equal the paper's table, counted by hooks on the networks."""

from __future__ import annotations

import attrs
import pytest

from .checks import Passes, claimed_passes, measured_passes
from .networks import NetContext, inputs
from .reference import Choice
from .subject import subject

#: F is the sum of all four numbers, B that of `student_grad`.
PAPER = {
    "sdei": Passes(student=1, student_grad=1, teacher=1),  # 3F 1B
    "stei": Passes(student=2, student_grad=2),  # 4F 2B
    "sdee": Passes(student=1, student_grad=1, teacher=1),  # 3F 1B
    "stee": Passes(student=1, student_grad=1),  # 2F 1B
    "tangent": Passes(student_grad=1),  # 1F 1B
    "monte_carlo": Passes(student_grad=1, teacher=2),  # 3F 1B with one draw and one Euler step
    "runge_kutta": Passes(student_grad=1, teacher=3),  # 4F 1B with heun3
}


@pytest.mark.parametrize("name", PAPER)
def test_evaluations_equal_the_table(name: str) -> None:
    batch, times = inputs(draws=1, guidance=False)
    of_loss = subject(name)
    ctx = NetContext(of_loss.trigonometric)
    of_loss.loss(**({"draws": 1} if name == "monte_carlo" else {}))(ctx, batch, times)
    assert measured_passes(ctx) == PAPER[name] == claimed_passes(name, Choice())


#: Of K = 3 draws and m = 2 Picard iterations, as the losses declare it.
DECLARED = {
    "sdei": Passes(student=6, student_grad=1, teacher=3),  # 1 + K (m + 1)
    "stei": Passes(student=9, student_grad=2),  # 2 + K (m + 1)
    "sdee": Passes(student=6, student_grad=3, teacher=3),  # K (m + 2)
    "stee": Passes(student=6, student_grad=3),  # K (m + 1)
}


@pytest.mark.parametrize("weights", ["live", "ema"])
@pytest.mark.parametrize("name", DECLARED)
def test_draws_and_iterations_cost_what_is_declared(name: str, weights: str) -> None:
    batch, times = inputs(draws=3, guidance=False)
    of_loss = subject(name)
    ctx = NetContext(of_loss.trigonometric)
    of_loss.loss(draws=3, picard_iterations=2, weights=weights)(ctx, batch, times)
    declared = DECLARED[name]
    if weights == "ema":
        declared = attrs.evolve(declared, student=0, ema=declared.student)
    assert measured_passes(ctx) == declared


def test_without_a_diffusion_term_stei_evaluates_nothing_for_it() -> None:
    batch, times = inputs(draws=1, guidance=False)
    of_loss = subject("stei")
    ctx = NetContext(of_loss.trigonometric)
    of_loss.loss(diffusion_weight=0.0)(ctx, batch, times)
    assert measured_passes(ctx) == Passes(student=2, student_grad=1)


def test_stei_logs_both_of_its_terms() -> None:
    batch, times = inputs(draws=1, guidance=False)
    of_loss = subject("stei")
    terms = of_loss.loss(diffusion_weight=0.5)(NetContext(of_loss.trigonometric), batch, times)
    total = terms.scalars["secant"] + 0.5 * terms.scalars["diffusion"]
    assert total.item() == pytest.approx(terms.per_sample.mean().item())
    assert not total.requires_grad
