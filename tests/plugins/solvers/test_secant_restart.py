"""Secants that overshoot and are noised back: the law of the path is kept at every time."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_solvers.options import SecantRestartOptions
from secantfw_solvers.secant_restart import SecantRestart

from secantfw import Cond, UserError, step_times
from secantfw.testing.oracle import gaussian_oracle, mixture_oracle
from secantfw.testing.oracle_field import OracleField

ROWS, STEPS = 20_000, 4
each_path = pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()])


class GaussianSecants:
    """Exact secants of one Gaussian, in closed form."""

    def __init__(self, path):
        self.path, self.oracle, self.asked = path, gaussian_oracle(path), []

    def secant(self, x, t, s, cond):
        self.asked.append((t[0].item(), s[0].item()))
        return (self.oracle.gaussian_trajectory(x, t, s) - x) / (s - t)[:, None]


def solve(path, gamma, end=None, spacing="uniform"):
    rng = torch.Generator().manual_seed(1)
    field = GaussianSecants(path)
    t = torch.full((ROWS,), path.t_max, dtype=torch.float64)
    s = torch.full((ROWS,), path.t_min if end is None else end, dtype=torch.float64)
    x = path.point(field.oracle.batch(ROWS, rng), t)
    solver = SecantRestart(SecantRestartOptions(spacing, gamma=gamma))
    return field, x, solver.solve(field, x, t, s, STEPS, Cond(), rng)


@each_path
@pytest.mark.parametrize("gamma", [0.3, 1.0])
@pytest.mark.parametrize("spacing", ["uniform", "rho"])
def test_the_law_of_gaussian_data_is_kept(path, gamma, spacing):
    field, x, found = solve(path, gamma, spacing=spacing)
    c = path.coefficients(torch.tensor(path.t_min, dtype=torch.float64))
    mean, variance = c.alpha * field.oracle.means[0], c.alpha**2 * 0.36 + c.sigma**2
    torch.testing.assert_close(found.mean(0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(found.var(0), variance.expand(3), rtol=0.04, atol=0)
    kept = torch.corrcoef(torch.stack((x[:, 0], found[:, 0])))[0, 1]
    assert kept < 0.9  # an ODE keeps all of the start


def test_each_step_aims_beyond_its_end_and_the_last_one_at_it():
    field, _, _ = solve(Linear(), 0.5)
    assert field.asked == [(1.0, 0.375), (0.75, 0.25), (0.5, 0.125), (0.25, 0.0)]
    field, _, _ = solve(Linear(), 1.0)
    assert field.asked == [(1.0, 0.0), (0.75, 0.0), (0.5, 0.0), (0.25, 0.0)]


@each_path
@pytest.mark.parametrize("spacing", ["uniform", "shifted", "logsnr", "rho", "logit_normal"])
def test_without_overshooting_it_steps_along_secants_on_any_grid(path, spacing):
    oracle = attrs.evolve(mixture_oracle(path), substeps=64)
    solver = SecantRestart(SecantRestartOptions(spacing, gamma=0.0))
    assert not solver.stochastic
    t = torch.tensor([1.0, 0.2, 0.6], dtype=torch.float64)
    s = torch.tensor([0.1, 0.9, 0.6], dtype=torch.float64)
    x = path.point(oracle.batch(3, torch.Generator().manual_seed(0)), t)
    field = OracleField(oracle)
    found = solver.solve(field, x, t, s, 3, Cond())
    torch.testing.assert_close(found, oracle.trajectory(x, t, s), rtol=0, atol=1e-5)
    times = step_times(path, t, s, 3, solver.options)
    assert torch.equal(torch.stack([call.t for call in field.calls]), times[:-1])


def test_it_needs_a_generator():
    solver, ones = SecantRestart(SecantRestartOptions()), torch.ones(2)
    field, x = GaussianSecants(Linear()), torch.zeros(2, 3)
    with pytest.raises(UserError, match="needs a generator"):
        solver.solve(field, x, ones, 0 * ones, 2, Cond())
