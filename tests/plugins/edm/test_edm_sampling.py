"""Noise levels and samplers: laws, grids, evaluations, where noise comes from."""

from __future__ import annotations

import math

import attrs
import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_edm.noise_levels import NoiseLevels
from secantfw_edm.options import (
    EDMHeunOptions,
    NoiseLevelsOptions,
    RhoSecantOptions,
    RhoSegmentsOptions,
    RhoSpacing,
)
from secantfw_edm.rho_grid import rho_times
from secantfw_edm.rho_segments import RhoSegments
from secantfw_edm.solvers.coordinates import fitted
from secantfw_edm.solvers.heun import EDMHeun
from secantfw_edm.solvers.rho_secant import RhoSecant

from secantfw import Cond, TimesNeed, time_of_level
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
def test_a_level_has_its_time_on_every_path(path):
    level = torch.tensor([0.02, 0.5, 3.0, 80.0], dtype=torch.float64)
    c = path.coefficients(time_of_level(path, level))
    torch.testing.assert_close(c.sigma / c.alpha, level, rtol=1e-10, atol=0)


@pytest.mark.parametrize("path", [Linear(), VP()], ids=lambda p: type(p).__name__)
def test_the_logarithm_of_edms_levels_is_normal(path):
    sampler = NoiseLevels(NoiseLevelsOptions(mean=-0.4, std=0.8))
    rng = torch.Generator().manual_seed(0)
    times = sampler.sample(20_000, TimesNeed(draws=0), path, rng, 0.0)
    c = path.coefficients(times.t.double())
    u = torch.special.ndtr(((c.sigma / c.alpha).log() + 0.4) / 0.8).sort().values
    gap = (u - (torch.arange(20_000) + 0.5) / 20_000).abs().max()
    assert gap * math.sqrt(20_000) < 1.95  # Kolmogorov and Smirnov, one in a thousand
    assert torch.equal(times.t, times.s)


class Gaussian:
    """The field of data N(0, 1) on the linear path: x_s = x_t N(s) / N(t)."""

    path = Linear()

    def tangent(self, x, t, cond):
        return (2 * t - 1)[:, None] / (t**2 + (1 - t) ** 2)[:, None] * x


def test_edms_sampler_is_of_second_order_on_its_own_grid():
    x = torch.randn(64, 1, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ones = torch.ones(64, dtype=torch.float64)
    errors = [
        # From sigma_max = 80, not from infinity: the exact end from there.
        (EDMHeun(EDMHeunOptions()).solve(Gaussian(), x, ones, 0 * ones, n, Cond()))
        - x * 80 / math.sqrt(80**2 + 1)
        for n in (32, 64)
    ]
    coarse, fine = (error.abs().max() for error in errors)
    assert 1.7 < math.log2(coarse / fine) < 2.3


def test_churn_keeps_the_distribution_and_draws_from_its_generator():
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(4000, 1, dtype=torch.float64, generator=rng)
    ones = torch.ones(4000, dtype=torch.float64)
    solver = EDMHeun(EDMHeunOptions(churn=40.0, churn_min=0.05, churn_max=50.0))
    assert solver.stochastic
    assert not EDMHeun(EDMHeunOptions()).stochastic
    ends = [
        solver.solve(Gaussian(), x, ones, 0 * ones, 32, Cond(), torch.Generator().manual_seed(3))
        for _ in range(2)
    ]
    assert torch.equal(*ends)
    assert abs(float(ends[0].std()) - 1) < 0.05
    assert abs(float((ends[0] * x).mean())) < 0.1  # little of the start is left


def test_a_grid_is_laid_between_the_levels_of_each_row():
    grid = torch.tensor([80.0, 5.0, 0.0])
    start, end = torch.tensor([80.0, 8.0, 0.0, 3.0]), torch.tensor([0.0, 0.0, 8.0, 3.0])
    expected = torch.tensor([[80, 8, 0, 3], [5, 0.5, 7.5, 3], [0, 0, 8, 3]])
    # Upwards the grid is backwards: short steps near the data there too.
    expected[1, 2] = 8 * 5 / 80
    torch.testing.assert_close(fitted(grid, start, end), expected)


def test_secant_steps_follow_edms_spacing_and_end_exactly():
    t, s = torch.ones(3), torch.tensor([0.0, 0.25, 1.0])
    times = rho_times(Linear(), t, s, 4, RhoSpacing())
    assert torch.equal(times[0], t)
    assert torch.equal(times[-1], s)
    assert (times.diff(dim=0) <= 0).all()
    level = times[1:-1, 0] / (1 - times[1:-1, 0])
    root = level ** (1 / 7)
    ends = torch.tensor([80.0, 0.002]) ** (1 / 7)
    torch.testing.assert_close(root, torch.lerp(ends[0], ends[1], torch.arange(1, 4) / 4))


@attrs.define
class Recorder:
    """A field that says between which times it was asked for secants."""

    path: object
    steps: list = attrs.field(factory=list)

    def secant(self, x, t, s, cond):
        self.steps.append((t[0].item(), s[0].item()))
        return x


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("levels", [{}, {"rho": 3.0, "sigma_min": 0.1, "sigma_max": 20.0}])
def test_segments_are_trained_between_the_times_that_the_solver_takes_bit_for_bit(path, levels):
    field, ones = Recorder(path), torch.ones(2)
    solver = RhoSecant(RhoSecantOptions(**levels))
    solver.solve(field, ones[:, None], ones * path.t_max, ones * path.t_min, 4, Cond())
    options = RhoSegmentsOptions(**levels, segments=4, whole=1.0, direction="both")
    rng = torch.Generator().manual_seed(0)
    times = RhoSegments(options).sample(400, TimesNeed(draws=0), path, rng, 0.0)
    up = times.s > times.t
    assert 100 < up.sum() < 300
    t, s = torch.where(up, times.s, times.t), torch.where(up, times.t, times.s)
    assert set(zip(t.tolist(), s.tolist(), strict=True)) == set(field.steps)
    assert len(set(field.steps)) == 4


def test_s_is_uniform_in_each_segment_but_for_the_share_that_is_whole():
    sampler, rng = RhoSegments(RhoSegmentsOptions(whole=0.25)), torch.Generator().manual_seed(0)
    times = sampler.sample(20_000, TimesNeed(draws=0), Linear(), rng, 0.0)
    grid = sampler.times(Linear(), torch.device("cpu"))
    i = (times.t[:, None] == grid).float().argmax(1)
    assert torch.equal(times.t, grid[i])
    share = (times.t - times.s) / (grid[i] - grid[i + 1])
    whole = times.s == grid[i + 1]
    assert abs(float(whole.float().mean()) - 0.25) < 0.013
    assert ks_uniform(share[~whole]) < KS_LIMIT
    assert (torch.bincount(i, minlength=4) / 20_000 - 0.25).abs().max() < 0.013
