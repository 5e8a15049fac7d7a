"""Each loss's mean gradient vanishes at the exact secant, on every path and law of times."""

from __future__ import annotations

import attrs
import pytest
from secantfw_basics.options import ContinuousOptions, EqualOptions, SegmentsOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_basics.times.continuous import Continuous
from secantfw_basics.times.equal import Equal
from secantfw_basics.times.segments import Segments
from secantfw_picard.options import (
    SDEEOptions,
    SDEIOptions,
    STEEOptions,
    STEIOptions,
    TangentOptions,
)
from secantfw_picard.sdee import SDEE
from secantfw_picard.sdei import SDEI
from secantfw_picard.stee import STEE
from secantfw_picard.stei import STEI
from secantfw_picard.tangent import Tangent

from secantfw import Path, SecantLoss, TimeSampler
from secantfw.testing.fixed_point import KS_LIMIT, Z_LIMIT, fixed_point_step, oracle_step
from secantfw.testing.oracle import mixture_oracle

GENERATE = Segments(SegmentsOptions(segments=2))
BOTH = Continuous(ContinuousOptions(segments=2, direction="both"))
ONE_WAY = Continuous(ContinuousOptions(segments=2))

CASES = {
    "sdei": (SDEI(SDEIOptions()), GENERATE),
    "sdei, stratified": (SDEI(SDEIOptions(draws=2, law="stratified")), ONE_WAY),
    "sdei, antithetic, two iterations": (
        SDEI(SDEIOptions(draws=2, law="antithetic", picard_iterations=2)),
        BOTH,
    ),
    "stei": (STEI(STEIOptions()), GENERATE),
    "stei, teacher, not fused": (
        STEI(STEIOptions(tangent="teacher", fused=False, diffusion_weight=0.3)),
        ONE_WAY,
    ),
    "stei, no diffusion term": (STEI(STEIOptions(diffusion_weight=0.0, weights="ema")), GENERATE),
    "sdee": (SDEE(SDEEOptions()), BOTH),
    "sdee, two iterations": (SDEE(SDEEOptions(picard_iterations=2)), BOTH),
    "stee": (STEE(STEEOptions()), BOTH),
    "stee, two draws, ema": (STEE(STEEOptions(draws=2, weights="ema")), BOTH),
    "tangent": (Tangent(TangentOptions()), Equal(EqualOptions())),
    "tangent, logit-normal": (Tangent(TangentOptions()), Equal(EqualOptions("logit_normal"))),
}


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize(("loss", "sampler"), CASES.values(), ids=CASES.keys())
def test_the_mean_gradient_vanishes_at_the_exact_secant(
    loss: SecantLoss, sampler: TimeSampler, path: Path
) -> None:
    oracle = attrs.evolve(mixture_oracle(path), substeps=8)
    step = fixed_point_step(loss, sampler, oracle, rows=10_000, seed=1)
    assert step.worst_z < Z_LIMIT, step.z
    assert step.worst_ks < KS_LIMIT


def test_gradients_reach_only_the_pass_that_asks_for_them() -> None:
    step = oracle_step(SDEI(SDEIOptions()), GENERATE, mixture_oracle(Linear()), rows=64)
    ctx = step.context
    assert (ctx.rows("student", True), ctx.rows("student", False)) == (64, 64)
    assert (ctx.rows("teacher", False), ctx.rows("target", False)) == (64, 0)
