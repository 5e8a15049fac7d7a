"""Paths: their derivatives, ends and shortcuts."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP

from secantfw import Batch, Cond, Path

each_path = pytest.mark.parametrize(
    "path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__
)


def _times(path: Path) -> torch.Tensor:
    return torch.linspace(path.t_min, path.t_max, 101, dtype=torch.float64)


@each_path
def test_derivatives_are_those_of_autograd(path: Path) -> None:
    t = _times(path).requires_grad_()
    c = path.coefficients(t)
    for value, claimed in ((c.alpha, c.d_alpha), (c.sigma, c.d_sigma)):
        (derivative,) = torch.autograd.grad(value.sum(), t, retain_graph=True)
        torch.testing.assert_close(derivative, claimed, rtol=1e-9, atol=1e-9)


@each_path
def test_time_runs_from_data_to_noise(path: Path) -> None:
    c = path.coefficients(_times(path))
    assert (c.alpha.diff() < 0).all()
    assert (c.sigma.diff() > 0).all()
    assert c.alpha[0] > 0.999
    assert c.sigma[-1] > 0.999
    assert c.sigma[0] < 0.02
    assert c.alpha[-1] < 0.01


@pytest.mark.parametrize("path", [Trigonometric(), VP()])
def test_variance_is_preserved(path: Path) -> None:
    c = path.coefficients(_times(path))
    torch.testing.assert_close(c.alpha**2 + c.sigma**2, torch.ones_like(c.alpha))


@each_path
def test_float32_keeps_six_digits_down_to_the_first_time(path: Path) -> None:
    t = _times(path).float()
    single, double = path.coefficients(t), path.coefficients(t.double())
    for name in ("alpha", "sigma", "d_alpha", "d_sigma"):
        value, exact = getattr(single, name), getattr(double, name)
        assert value.dtype == torch.float32
        torch.testing.assert_close(value.double(), exact, rtol=5e-6, atol=1e-6)


@each_path
def test_point_and_tangent_are_what_the_coefficients_say(path: Path) -> None:
    rng = torch.Generator().manual_seed(0)
    x_0, z = torch.randn((2, 101, 3, 2), generator=rng, dtype=torch.float64)
    batch = Batch(x_0, z, Cond(), Cond(), torch.arange(101))
    t = _times(path)
    c = path.coefficients(t)
    alpha, sigma, d_alpha, d_sigma = (
        v[:, None, None] for v in (c.alpha, c.sigma, c.d_alpha, c.d_sigma)
    )
    torch.testing.assert_close(path.point(batch, t), alpha * x_0 + sigma * z)
    torch.testing.assert_close(path.tangent(batch, t), d_alpha * x_0 + d_sigma * z)


def test_vp_is_the_diffusion_it_claims_to_be() -> None:
    # alpha^2 = exp(-int_0^t beta), beta(t) = 0.1 + 19.9 t, by quadrature.
    nodes = torch.linspace(0, 0.6, 10_001, dtype=torch.float64)
    integral = torch.trapezoid(0.1 + 19.9 * nodes, nodes)
    alpha = VP().coefficients(torch.tensor([0.6], dtype=torch.float64)).alpha
    torch.testing.assert_close(alpha[0] ** 2, (-integral).exp())


def test_data_of_one_precision_and_times_of_another_may_meet() -> None:
    x_0, z = torch.zeros((2, 3, 2), dtype=torch.float64)
    batch = Batch(x_0, z + 1, Cond(), Cond(), torch.arange(3))
    assert torch.equal(Linear().point(batch, torch.ones(3)), z + 1)
