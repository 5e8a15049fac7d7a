"""Time samplers: their laws, bounds and promises."""

from __future__ import annotations

import math

import pytest
import torch
from secantfw_basics.options import ContinuousOptions, EqualOptions, SegmentsOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.vp import VP
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_basics.times.continuous import Continuous
from secantfw_basics.times.equal import Equal
from secantfw_basics.times.segments import Segments

from secantfw import Cond, GridOptions, Times, TimeSampler, TimesNeed
from secantfw.sampling.field import CountedField
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform

N = 20_000
SAMPLERS = {
    "segments": Segments(SegmentsOptions(segments=3)),
    "segments, both": Segments(SegmentsOptions(segments=3, direction="both")),
    "segments, spaced and whole": Segments(
        SegmentsOptions(segments=4, whole=0.25, spacing="logit_normal", mean=-0.1, std=1.3)
    ),
    "continuous": Continuous(ContinuousOptions(segments=3)),
    "continuous, both": Continuous(ContinuousOptions(segments=3, direction="both")),
    "equal": Equal(EqualOptions()),
    "equal, logit-normal": Equal(EqualOptions(law="logit_normal")),
}
each_sampler = pytest.mark.parametrize("sampler", SAMPLERS.values(), ids=SAMPLERS.keys())
LAWS = ("uniform", "stratified", "antithetic", "gauss_legendre")


def draw(sampler: TimeSampler, need: TimesNeed | None = None, path=None, seed: int = 0) -> Times:
    rng = torch.Generator().manual_seed(seed)
    return sampler.sample(N, need or TimesNeed(), path or Linear(), rng, 0.0)


@each_sampler
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("path", [Linear(), VP()], ids=lambda p: type(p).__name__)
def test_times_stay_in_range_and_r_between_t_and_s(sampler, law, path) -> None:
    times = draw(sampler, TimesNeed(draws=3, law=law, tau=True), path)
    for value in (times.t, times.s, times.r, times.tau):
        assert value.dtype == torch.float32
        assert value.min() >= path.t_min
        assert value.max() <= path.t_max
    low, high = torch.minimum(times.t, times.s), torch.maximum(times.t, times.s)
    assert (times.r >= low[:, None]).all()
    assert (times.r <= high[:, None]).all()
    torch.testing.assert_close(times.r_weight.sum(1), torch.ones(N))


@each_sampler
def test_the_same_generator_gives_the_same_times_and_the_global_one_is_untouched(sampler) -> None:
    state = torch.random.get_rng_state()
    need = TimesNeed(draws=2, tau=True)
    first, second, other = draw(sampler, need), draw(sampler, need), draw(sampler, need, seed=1)
    for name in ("t", "s", "r", "tau"):
        assert torch.equal(getattr(first, name), getattr(second, name))
    assert not torch.equal(first.t, other.t)
    assert torch.equal(state, torch.random.get_rng_state())


@each_sampler
def test_t_and_s_depend_neither_on_the_draws_nor_on_tau(sampler) -> None:
    plain, more = draw(sampler), draw(sampler, TimesNeed(draws=4, law="stratified", tau=True))
    assert torch.equal(plain.t, more.t)
    assert torch.equal(plain.s, more.s)
    assert plain.tau is None


def test_spaced_segments_end_at_the_quantiles_of_the_law_and_a_share_is_whole() -> None:
    times = draw(SAMPLERS["segments, spaced and whole"])
    ends = torch.sigmoid(
        -0.1 + 1.3 * torch.special.ndtri(torch.arange(5) / 4)
    )  # 0 and 1 at the ends
    torch.testing.assert_close(times.t.unique(), ends[1:])
    i = torch.bucketize(times.t, ends - 1e-4) - 1
    whole = (times.s - ends[i - 1]).abs() < 1e-6
    assert abs(whole.float().mean() - 0.25) < 4 * math.sqrt(0.25 * 0.75 / N)
    share = (times.t - times.s) / (ends[i] - ends[i - 1])
    assert ks_uniform(share[~whole]) < KS_LIMIT


@pytest.mark.parametrize("spacing", ["uniform", "shifted", "logsnr", "rho", "logit_normal"])
@pytest.mark.parametrize("path", [Linear(), VP()], ids=lambda p: type(p).__name__)
def test_a_student_is_trained_on_exactly_the_times_that_it_is_sampled_on(spacing, path) -> None:
    """The steps of `secant` with the same options, bit for bit."""
    grid = {"spacing": spacing, "mean": 0.3, "std": 1.2, "rho": 5.0, "sigma_min": 0.01}
    times = draw(Segments(SegmentsOptions(segments=5, whole=1.0, **grid)), path=path)
    seen = []
    field = CountedField(path, lambda x, t, s, cond: seen.append((t, s)) or x, has_secants=True)
    ones = torch.ones(1)
    solver = SecantSteps(GridOptions(**grid))
    solver.solve(field, ones, ones * path.t_max, ones * path.t_min, 5, Cond())
    steps = {(float(t), float(s)) for t, s in seen}
    assert set(zip(times.t.tolist(), times.s.tolist(), strict=True)) == steps


def test_segments_put_t_on_the_grid_uniformly_and_s_uniformly_below_it() -> None:
    times = draw(SAMPLERS["segments"])
    i = times.t * 3
    assert torch.equal(i.round() / 3, times.t)
    share = torch.bincount(i.round().long(), minlength=4) / N
    assert share[0] == 0
    assert (share[1:] - 1 / 3).abs().max() < 4 * math.sqrt(2 / 9 / N)
    assert ks_uniform(3 * (times.t - times.s)) < KS_LIMIT


def test_segments_of_a_shortened_time_range_are_equal() -> None:
    grid = draw(SAMPLERS["segments"], path=VP()).t.unique()
    expected = VP.t_min + (1 - VP.t_min) * torch.tensor([1 / 3, 2 / 3, 1])
    torch.testing.assert_close(grid, expected)


def test_continuous_intervals_have_the_moments_of_their_law() -> None:
    # d = U/N: mean 1/2N, variance 1/12N^2. s uniform on [0, 1 - d]: mean (1 - E d) / 2.
    times = draw(SAMPLERS["continuous"])
    d = times.t - times.s
    assert ks_uniform(3 * d) < KS_LIMIT
    assert ks_uniform(times.s / (1 - d)) < KS_LIMIT
    assert float(d.mean()) == pytest.approx(1 / 6, abs=4 / math.sqrt(12 * 9 * N))
    assert float(d.var()) == pytest.approx(1 / 108, rel=0.03)
    assert float(times.s.mean()) == pytest.approx((1 - 1 / 6) / 2, abs=0.01)
    # E[s^2] = E[(1 - d)^2] / 3
    assert float(times.s.square().mean()) == pytest.approx(
        (1 - 2 / 6 + 1 / 108 + 1 / 36) / 3, abs=0.01
    )


@pytest.mark.parametrize("name", ["segments", "continuous"])
def test_both_directions_exchange_half_of_the_rows(name: str) -> None:
    one, both = draw(SAMPLERS[name]), draw(SAMPLERS[f"{name}, both"])
    assert (one.s <= one.t).all()
    up = both.s > both.t
    assert abs(up.float().mean() - 0.5) < 4 * math.sqrt(0.25 / N)
    assert torch.equal(torch.where(up, both.s, both.t), one.t)
    assert torch.equal(torch.where(up, both.t, both.s), one.s)
    everywhere = {"every_time"} if name == "continuous" else set()
    assert SAMPLERS[f"{name}, both"].capabilities() == {"bidirectional"} | everywhere
    assert SAMPLERS[name].capabilities() == everywhere


@pytest.mark.parametrize("law", ["uniform", "stratified", "antithetic"])
@pytest.mark.parametrize("draws", [1, 3, 4])
def test_interior_times_have_their_law(law: str, draws: int) -> None:
    times = draw(SAMPLERS["continuous, both"], TimesNeed(draws=draws, law=law))
    wide = (times.s - times.t).abs() > 1e-2  # where rounding does not blur the share
    u = ((times.r - times.t[:, None]) / (times.s - times.t)[:, None])[wide]
    for k in range(draws):
        column = u[:, k] * draws - k if law == "stratified" else u[:, k]
        assert ks_uniform(column) < KS_LIMIT
    if law == "antithetic" and draws == 4:
        torch.testing.assert_close(u[:, :2] + u[:, 2:], torch.ones_like(u[:, :2]))


def test_gauss_legendre_integrates_polynomials_up_to_degree_five_with_three_nodes() -> None:
    times = draw(SAMPLERS["segments, both"], TimesNeed(draws=3, law="gauss_legendre"))
    t, s = times.t.double(), times.s.double()
    r, weight = times.r.double(), times.r_weight.double()
    for degree in range(6):
        mean = (weight * r**degree).sum(1) * (s - t)
        exact = (s ** (degree + 1) - t ** (degree + 1)) / (degree + 1)
        torch.testing.assert_close(mean, exact, atol=1e-6, rtol=0)


def test_tau_is_uniform_over_the_time_range() -> None:
    tau = draw(SAMPLERS["segments"], TimesNeed(tau=True), VP()).tau
    assert tau is not None
    assert ks_uniform((tau - VP.t_min) / (1 - VP.t_min)) < KS_LIMIT


def test_equal_times_are_equal_marked_and_follow_their_law() -> None:
    uniform, logit = draw(SAMPLERS["equal"]), draw(SAMPLERS["equal, logit-normal"])
    for times in (uniform, logit):
        assert torch.equal(times.t, times.s)
        assert torch.equal(times.t, times.r[:, 0])
        assert times.tangent_rows is not None
        assert times.tangent_rows.all()
    assert ks_uniform(uniform.t) < KS_LIMIT
    assert ks_uniform(torch.special.ndtr(logit.t.logit())) < KS_LIMIT


def test_a_shifted_logit_normal_moves_to_noise() -> None:
    options = EqualOptions(law="logit_normal", mean=1.0, std=0.5)
    assert draw(Equal(options)).t.logit().mean() == pytest.approx(1.0, abs=0.02)


def test_no_interior_times_are_drawn_for_a_loss_without_an_interior() -> None:
    times = draw(SAMPLERS["equal"], TimesNeed(draws=0))
    assert times.r.shape == times.r_weight.shape == (N, 0)


def test_a_state_is_not_needed_to_resume() -> None:
    assert all(dict(sampler.state_dict()) == {} for sampler in SAMPLERS.values())
