"""Stochastic sampling: whatever D(t), the samples have the marginals of the path."""

from __future__ import annotations

import pytest
import torch
from secantfw_basics.options import PathOptions
from secantfw_basics.paths.linear import Linear
from secantfw_solvers.options import SDEOptions
from secantfw_solvers.sde.euler_maruyama import EulerMaruyama
from secantfw_solvers.sde.heun import SDEHeun

from secantfw import Cond, UserError

STD, ROWS, STEPS = 0.5, 20_000, 60


class GaussianField:
    """v of Gaussian data with standard deviation STD, in closed form."""

    def __init__(self, path):
        self.path = path

    def tangent(self, x, t, cond):
        c = self.path.coefficients(t)
        variance = c.alpha**2 * STD**2 + c.sigma**2
        return ((c.alpha * c.d_alpha * STD**2 + c.sigma * c.d_sigma) / variance)[:, None] * x


def _solve(solver, path, t=None, s=None, steps=STEPS, rows=ROWS, seed=0):
    rng = torch.Generator().manual_seed(seed)
    c = path.coefficients(torch.tensor([path.t_max if t is None else t]))
    x = torch.randn(rows, 1, generator=rng) * (c.alpha**2 * STD**2 + c.sigma**2).sqrt()
    ones = torch.ones(rows)
    start, end = ones * (path.t_max if t is None else t), ones * (path.t_min if s is None else s)
    return x, solver.solve(GaussianField(path), x, start, end, steps, Cond(), rng)


@pytest.mark.parametrize("solver", [EulerMaruyama, SDEHeun])
@pytest.mark.parametrize(
    "diffusion", ["sigma", "linear", "constant", "decreasing", "increasing_decreasing", "sbdm"]
)
@pytest.mark.parametrize("last_step", ["mean", "euler", "none"])
def test_samples_have_the_variance_of_the_data(solver, diffusion, last_step):
    path = Linear(PathOptions(t_min=0.001, t_max=0.95))
    norm = 0.2 if diffusion in ("sbdm", "constant") else 1.0
    x, end = _solve(solver(SDEOptions(diffusion, norm, last_step, 0.01)), path)
    assert float(end.std()) == pytest.approx(STD, rel=0.06)
    kept = torch.corrcoef(torch.cat([x, end], 1).T)[0, 1]
    assert kept < 0.9  # the noise of the start is forgotten; an ODE would keep it


def test_without_diffusion_it_is_the_ode():
    path = Linear()
    x, end = _solve(EulerMaruyama(SDEOptions(norm=0.0, last_step="euler")), path, rows=50)
    exact = x * STD  # alpha(0) STD / sigma(1)
    torch.testing.assert_close(end, exact, rtol=0.1, atol=0.02)


def test_noising_is_sampled_as_well():
    """From data to noise: s above t."""
    _, end = _solve(EulerMaruyama(SDEOptions(last_step_size=0.01)), Linear(), t=0.2, s=1.0)
    assert float(end.std()) == pytest.approx(1.0, rel=0.05)


def test_tweedie_ends_in_the_mean_of_the_data():
    """Less varied than the data, by what is unknown at the last time."""
    path, size = Linear(), 0.3
    _, end = _solve(SDEHeun(SDEOptions(last_step="tweedie", last_step_size=size)), path)
    variance = (1 - size) ** 2 * STD**2 + size**2
    assert float(end.std()) == pytest.approx((1 - size) * STD**2 / variance**0.5, rel=0.05)


def test_what_would_be_infinite_is_refused():
    with pytest.raises(UserError, match=r"path.t_max = 0.999"):
        _solve(EulerMaruyama(SDEOptions("sbdm")), Linear(), rows=2)
    with pytest.raises(UserError, match=r"path.t_min = 0.001"):
        _solve(SDEHeun(SDEOptions(last_step="none")), Linear(), rows=2)
    ones = torch.ones(2)
    with pytest.raises(UserError, match="needs a generator"):
        EulerMaruyama(SDEOptions()).solve(
            GaussianField(Linear()), torch.zeros(2, 1), ones, 0 * ones, 3, Cond()
        )
