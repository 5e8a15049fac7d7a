"""Velocity, noise, score and data of Gaussian data, which have closed forms on every path."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP

from secantfw import (
    data_from_velocity,
    noise_from_velocity,
    noising,
    score_from_noise,
    score_from_velocity,
    velocity_from_noise,
    velocity_from_score,
)

STD = 0.6


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
def test_they_are_the_closed_forms_of_gaussian_data(path):
    """x_t ~ N(0, V), V = alpha^2 s^2 + sigma^2: the score is -x / V, and the rest follows."""
    t = torch.linspace(0.01, 0.99, 23, dtype=torch.float64)
    x = torch.randn(23, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    c = path.coefficients(t)
    variance = c.alpha**2 * STD**2 + c.sigma**2
    v = ((c.alpha * c.d_alpha * STD**2 + c.sigma * c.d_sigma) / variance)[:, None] * x
    score, noise = -x / variance[:, None], (c.sigma / variance)[:, None] * x
    close = torch.testing.assert_close
    close(score_from_velocity(path, x, t, v), score)
    close(noise_from_velocity(path, x, t, v), noise)
    close(score_from_noise(path, t, noise), score)
    close(velocity_from_noise(path, x, t, noise), v)
    close(velocity_from_score(path, x, t, score), v)
    close(data_from_velocity(path, x, t, v), (c.alpha * STD**2 / variance)[:, None] * x)


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
def test_the_noising_process_has_the_marginals_of_the_path(path):
    """dV/dt = 2 rate V + 2 diffusion for the variance of any Gaussian data."""
    t = torch.linspace(0.01, 0.99, 23, dtype=torch.float64).requires_grad_()
    c, process = path.coefficients(t), noising(path, t)
    variance = c.alpha**2 * STD**2 + c.sigma**2
    (growth,) = torch.autograd.grad(variance.sum(), t, retain_graph=True)
    torch.testing.assert_close(2 * process.rate * variance + 2 * process.diffusion, growth)
