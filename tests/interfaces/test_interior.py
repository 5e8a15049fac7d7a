"""`complete_times`: what every time sampler leaves to the core."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from secantfw import TimesNeed, complete_times
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.reference_paths import ShortenedLine

N = 5000


def complete(draws: int, law: str = "uniform", tau: bool = False):
    rng = torch.Generator().manual_seed(0)
    s, t = torch.linspace(0.1, 0.5, N), torch.linspace(0.9, 0.8, N)
    return complete_times(t, s, TimesNeed(draws, law, tau), ShortenedLine(), rng)


def shares(times):
    return (times.r - times.t[:, None]) / (times.s - times.t)[:, None]


@pytest.mark.parametrize("law", ["uniform", "stratified", "antithetic"])
@pytest.mark.parametrize("draws", [1, 3, 4])
def test_interior_times_have_their_law_and_equal_weights(law, draws):
    times = complete(draws, law)
    for k, column in enumerate(shares(times).unbind(1)):
        u = column * draws - k if law == "stratified" else column
        assert ks_uniform(u.clamp(0, 1)) < KS_LIMIT
    torch.testing.assert_close(times.r_weight, torch.full((N, draws), 1 / draws))


def test_antithetic_draws_are_mirrored():
    u = shares(complete(4, "antithetic"))
    torch.testing.assert_close(u[:, :2] + u[:, 2:], torch.ones(N, 2))


@pytest.mark.parametrize("draws", [1, 2, 3, 8])
def test_gauss_legendre_nodes_and_weights_are_those_of_numpy(draws):
    nodes, weights = np.polynomial.legendre.leggauss(draws)
    times = complete(draws, "gauss_legendre")
    expected = torch.tensor((nodes + 1) / 2, dtype=torch.float32).expand(N, draws)
    torch.testing.assert_close(shares(times), expected, atol=1e-5, rtol=0)
    expected = torch.tensor(weights / 2, dtype=torch.float32).expand(N, draws)
    torch.testing.assert_close(times.r_weight, expected)


def test_tau_is_uniform_on_the_range_of_the_path_and_there_only_if_asked_for():
    assert complete(1).tau is None
    tau = complete(2, tau=True).tau
    assert ks_uniform((tau - 0.1) / 0.8) < KS_LIMIT
    assert tau.min() >= 0.1
    assert tau.max() <= 0.9


def test_no_interior_times_are_drawn_for_a_loss_without_an_interior():
    times = complete(0)
    assert times.r.shape == times.r_weight.shape == (N, 0)
