"""The oracle knows what it claims to know."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP

from secantfw import Path
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.oracle import gaussian_oracle, mixture_oracle

PATHS = [Linear(), Trigonometric(), VP()]
each_path = pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
N = 2_000


def _points(path: Path, t: float):
    oracle = mixture_oracle(path)
    batch = oracle.batch(N, torch.Generator().manual_seed(0))
    time = torch.full((N,), t, dtype=torch.float64)
    return oracle, batch, time, path.point(batch, time)


@each_path
def test_runge_kutta_agrees_with_the_closed_form_of_a_single_gaussian(path: Path) -> None:
    oracle = attrs.evolve(gaussian_oracle(path), substeps=200)
    batch = oracle.batch(N, torch.Generator().manual_seed(0))
    t = torch.full((N,), path.t_max, dtype=torch.float64)
    s = torch.linspace(path.t_min, 1, N, dtype=torch.float64)
    x = path.point(batch, t)
    torch.testing.assert_close(
        oracle.trajectory(x, t, s), oracle.gaussian_trajectory(x, t, s), atol=1e-8, rtol=0
    )


@each_path
def test_the_tangent_is_the_mean_of_the_conditional_tangents(path: Path) -> None:
    # E[(data tangent - v) g(x_t)] = 0 for any g; here g runs over 1 and the coordinates.
    oracle, batch, time, x = _points(path, 0.4)
    residual = path.tangent(batch, time) - oracle.tangent(x, time)
    for g in (torch.ones_like(x), x, x.roll(1, 1)):
        product = (residual * g).flatten()
        assert abs(product.mean() / product.std()) * product.numel() ** 0.5 < 4


@each_path
def test_trajectories_carry_one_marginal_into_another(path: Path) -> None:
    oracle, _, time, x = _points(path, 0.9)
    s = torch.full_like(time, 0.1)
    x_s = oracle.trajectory(x, time, s)
    axes = torch.eye(3, dtype=torch.float64)
    assert max(ks_uniform(oracle.marginal_cdf(x_s, s, axis)) for axis in axes) < KS_LIMIT
    assert max(ks_uniform(oracle.marginal_cdf(x_s, s + 0.3, axis)) for axis in axes) > KS_LIMIT


@each_path
def test_the_secant_at_s_equal_t_is_the_tangent(path: Path) -> None:
    oracle, _, time, x = _points(path, 0.3)
    torch.testing.assert_close(oracle.secant(x, time, time), oracle.tangent(x, time))


def test_going_there_and_back_returns_to_the_start() -> None:
    oracle, _, time, x = _points(Linear(), 0.8)
    s = torch.full_like(time, 0.2)
    back = oracle.trajectory(oracle.trajectory(x, time, s), s, time)
    torch.testing.assert_close(back, x, atol=1e-4, rtol=0)


def test_gaussian_closed_form_is_refused_for_a_mixture() -> None:
    oracle, _, time, x = _points(Linear(), 0.8)
    with pytest.raises(AssertionError):
        oracle.gaussian_trajectory(x, time, time)
