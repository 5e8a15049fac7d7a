"""v = a x + b F(c x; c_noise): the textbook form where that exists, finite where it does not."""

from __future__ import annotations

import itertools

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_edm.design import Design
from secantfw_edm.preconditioning import build_preconditioning, denoise
from secantfw_edm.secant_scales import secant_scales

from secantfw import at

FAMILIES = ("edm", "vp", "ve", "iddpm")
PATHS = (Linear(), Trigonometric(), VP())


def output(x, noise):
    """Stands for a network: some smooth function of what it sees."""
    return torch.sin(3 * x + at(noise / 500, x)) + 0.3 * x


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("name", FAMILIES)
def test_it_is_the_textbook_velocity_inside_the_trained_range(path, name):
    """v = (sigma'/sigma) x + (W / sigma) D(x / alpha; sigma / alpha)."""
    family = build_preconditioning(Design.of({"preconditioning": name})).double()
    t = torch.tensor([0.1, 0.3, 0.6, 0.8], dtype=torch.float64)
    x = torch.randn(4, 2, 3, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    c = path.coefficients(t)
    rho, y = c.sigma / c.alpha, x / at(c.alpha, x)
    inner = family.denoiser_scales(at(rho, x)).input * y
    d = denoise(family, y, rho, output(inner, family.c_noise(rho)))
    w = at(c.d_alpha * c.sigma - c.alpha * c.d_sigma, x)
    textbook = (at(c.d_sigma, x) * x + w * d) / at(c.sigma, x)
    s = secant_scales(path, family, t, t, rotated=False, dtype=torch.float64)
    found = at(s.x, x) * x + at(s.output, x) * output(at(s.input, x) * x, s.noise)
    torch.testing.assert_close(found, textbook, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("name", FAMILIES)
def test_scales_are_finite_on_the_whole_path_and_noise_is_what_was_trained(path, name):
    design = Design.of({"preconditioning": name})
    family = build_preconditioning(design)
    t = torch.linspace(path.t_min, path.t_max, 101)
    s = secant_scales(path, family, t, t, rotated=False, dtype=torch.float32)
    ends = family.c_noise(torch.tensor([design.sigma_min, design.sigma_max]))
    for value in (s.x, s.output, s.input, s.noise):
        assert value.isfinite().all()
        assert value.abs().max() < 1e6
    assert (s.noise >= ends.min() - 1e-3).all()
    assert (s.noise <= ends.max() + 1e-3).all()


@pytest.mark.parametrize("path", PATHS, ids=lambda p: type(p).__name__)
def test_arcs_are_the_exact_trajectories_of_gaussian_data(path):
    """For x_0 ~ N(0, sd^2) the best F is 0, and x_s / x_t = N(s) / N(t)."""
    design = Design.of({"sigma_data": 0.7})
    family = build_preconditioning(design)
    t, s = torch.tensor([1.0, 0.9, 0.2, 0.5]), torch.tensor([0.01, 0.4, 0.8, 0.5 + 1e-6])
    scales = secant_scales(path, family, t, s, rotated=True, dtype=torch.float64)
    x = torch.ones(4, dtype=torch.float64)
    steps = 4000
    grid = torch.lerp(t.double(), s.double(), torch.linspace(0, 1, steps + 1).double()[:, None])
    for here, there in itertools.pairwise(grid):
        middle = 0.5 * (here + there)
        a = secant_scales(path, family, middle, middle, rotated=False, dtype=torch.float64).x
        x = x * torch.exp(a * (there - here))
    torch.testing.assert_close(1 + (s - t).double() * scales.x, x, rtol=1e-5, atol=0)


def test_arcs_on_the_quarter_circle_with_unit_data_are_trigflow():
    """There f = -(pi/2) F, whatever the two times are."""
    family = build_preconditioning(Design.of({"sigma_data": 1.0}))
    t, s = torch.tensor([1.0, 0.9, 0.2]), torch.tensor([0.0, 0.9, 0.7])
    found = secant_scales(Trigonometric(), family, t, s, rotated=True, dtype=torch.float64)
    torch.testing.assert_close(found.x, torch.zeros_like(found.x), rtol=0, atol=1e-12)
    expected = torch.full_like(found.output, -torch.pi / 2)
    torch.testing.assert_close(found.output, expected, rtol=0, atol=1e-8)
