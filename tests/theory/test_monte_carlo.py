"""Monte Carlo estimates of the secant: their fixed point, their variance by law, their bias."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.options import ContinuousOptions, SegmentsOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_basics.times.continuous import Continuous
from secantfw_basics.times.segments import Segments
from secantfw_montecarlo.estimate import Tangents, tangents_along
from secantfw_montecarlo.monte_carlo import MonteCarlo
from secantfw_montecarlo.options import MonteCarloOptions
from secantfw_montecarlo.variance import estimate_variance, tangent_variance
from torch import Tensor

from secantfw import Cond, Path, Times, TimesNeed, complete_times
from secantfw.testing.fixed_point import KS_LIMIT, Z_LIMIT, fixed_point_step, in_float64
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.oracle_context import OracleContext

POINTS, REPEATS = 12, 400


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize(
    ("options", "sampler"),
    [
        (MonteCarloOptions(draws=1, law="uniform"), Segments(SegmentsOptions(segments=2))),
        (
            MonteCarloOptions(draws=2, law="antithetic"),
            Continuous(ContinuousOptions(segments=2, direction="both")),
        ),
        (MonteCarloOptions(draws=3), Continuous(ContinuousOptions(segments=2))),
    ],
    ids=["uniform", "antithetic both ways", "stratified"],
)
def test_the_mean_gradient_vanishes_at_the_exact_secant(options, sampler, path: Path) -> None:
    oracle = attrs.evolve(mixture_oracle(path), substeps=8)
    step = fixed_point_step(MonteCarlo(options), sampler, oracle, rows=6_000, seed=1)
    assert step.worst_z < Z_LIMIT, step.z
    assert step.worst_ks < KS_LIMIT


def _context(rows: int) -> OracleContext:
    return OracleContext(attrs.evolve(mixture_oracle(Linear()), substeps=8), rows)


def _repeated(law: str, draws: int) -> Tangents:
    """REPEATS draws of r at each of POINTS points, from t = 0.9 to s = 0.3."""
    rows, rng = POINTS * REPEATS, torch.Generator().manual_seed(3)
    ctx = _context(rows)
    t, s = torch.full((rows,), 0.9), torch.full((rows,), 0.3)
    times = in_float64(complete_times(t, s, TimesNeed(draws, law), ctx.path, rng))
    points = ctx.oracle.batch(POINTS, torch.Generator().manual_seed(4))  # those of every case
    start = ctx.path.point(points, times.t[:POINTS])
    return tangents_along(ctx, start.repeat_interleave(REPEATS, 0), times, 1, Cond())


def _variance(tangents: Tangents) -> float:
    """Of the estimate at one point, the mean over points and numbers."""
    return tangents.mean().unflatten(0, (POINTS, REPEATS)).var(1).mean().item()


@pytest.fixture(scope="module")
def variance() -> dict[tuple[str, int], float]:
    cases = [("uniform", 2), ("uniform", 8), ("stratified", 2), ("stratified", 8)]
    cases += [("antithetic", 2), ("antithetic", 8), ("gauss_legendre", 2)]
    return {case: _variance(_repeated(*case)) for case in cases}


@pytest.mark.parametrize("draws", [2, 8])
@pytest.mark.parametrize("law", ["stratified", "antithetic"])
def test_stratified_and_antithetic_draws_vary_less_than_plain_ones(variance, law, draws) -> None:
    assert variance[law, draws] < 0.5 * variance["uniform", draws]


def test_the_variance_falls_as_the_law_says(variance) -> None:
    def fall(law: str) -> float:
        return variance[law, 2] / variance[law, 8]

    assert 3.2 < fall("uniform") < 5  # 1 / K
    assert 3.2 < fall("antithetic") < 5  # 1 / K of an even smaller one
    assert 40 < fall("stratified") < 90  # 1 / K^3
    assert variance["gauss_legendre", 2] < 1e-20


@pytest.mark.parametrize(
    ("law", "draws", "least", "most"),
    [
        ("uniform", 2, 0.9, 1.1),
        ("uniform", 5, 0.9, 1.1),
        ("antithetic", 4, 0.9, 1.1),
        ("stratified", 6, 1.0, 1.5),  # the field is curved: never too small
    ],
)
def test_the_logged_variance_is_that_of_the_estimate(law, draws, least, most) -> None:
    tangents = _repeated(law, draws)
    logged = estimate_variance(tangents.value, law)
    assert logged is not None
    assert least < logged.item() / _variance(tangents) < most


def test_no_variance_is_logged_that_the_draws_do_not_tell() -> None:
    value = torch.randn(2, 3, 4)
    assert estimate_variance(value[:1], "uniform") is None
    assert estimate_variance(value, "antithetic") is None
    assert estimate_variance(value, "stratified") is None
    assert estimate_variance(value.repeat(2, 1, 1), "gauss_legendre") is None
    assert tangent_variance(value).item() == pytest.approx(
        ((value[0] - value[1]) / 2).square().mean().item()
    )


def _powers(t: Tensor, degrees: Tensor) -> Tensor:
    return t[:, None] ** degrees


@pytest.mark.parametrize("draws", [1, 2, 3, 4])
def test_gauss_legendre_is_exact_for_polynomials_of_degree_2k_minus_1(draws) -> None:
    degrees = torch.arange(2 * draws + 1, dtype=torch.float64)
    t, s = torch.tensor([1.0, 0.9]), torch.tensor([0.0, 0.05])
    ctx = _context(2)
    ctx.teacher = lambda x, t, cond: _powers(t, degrees)
    ctx.solve_teacher = lambda x, t, s, steps, cond: x  # v depends on time alone
    need, rng = TimesNeed(draws, "gauss_legendre"), torch.Generator()
    times: Times = in_float64(complete_times(t, s, need, ctx.path, rng))
    x_t = torch.zeros((2, len(degrees)), dtype=torch.float64)
    error = tangents_along(ctx, x_t, times, 1, Cond()).mean() - _mean_powers(times, degrees)
    assert error[:, :-1].abs().max() < 1e-6  # times are float32
    assert error[:, -1].abs().min() > 4e-6


def _mean_powers(times: Times, degrees: Tensor) -> Tensor:
    """1/(s - t) int_t^s u^d du."""
    upper, lower = _powers(times.s, degrees + 1), _powers(times.t, degrees + 1)
    return (upper - lower) / ((degrees + 1) * (times.s - times.t)[:, None])


def test_on_a_smooth_field_gauss_legendre_comes_close_with_few_nodes() -> None:
    rng = torch.Generator().manual_seed(0)
    ctx = _context(64)
    t, s = torch.full((64,), 0.9), torch.full((64,), 0.3)
    x_t = ctx.path.point(ctx.oracle.batch(64, rng), t.double())
    exact = ctx.oracle.secant(x_t, t.double(), s.double())
    errors = []
    for draws in (1, 2, 4):
        need = TimesNeed(draws, "gauss_legendre")
        times = in_float64(complete_times(t, s, need, ctx.path, rng))
        found = tangents_along(ctx, x_t, times, 1, Cond()).mean()
        errors.append((found - exact).square().mean().sqrt().item())
    assert errors[1] < errors[0] / 4
    assert errors[2] < errors[1] / 10
