"""The same numbers as diffusers and k-diffusion, on the same field and the same grid.

In float64 throughout, except where a peer computes in float32 whatever it is given.
"""

from __future__ import annotations

import importlib
import sys
import types
import warnings

import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_solvers.multistep.deis import DEIS
from secantfw_solvers.multistep.dpm_solver_pp import DPMSolverPP
from secantfw_solvers.multistep.ipndm import IPNDM
from secantfw_solvers.multistep.unipc import UniPC
from secantfw_solvers.multistep.weights import earlier_nodes, lagrange_weights
from secantfw_solvers.options import (
    DEISOptions,
    DPMSolverPPOptions,
    IPNDMOptions,
    UniPCOptions,
)

from secantfw import (
    Cond,
    GridOptions,
    at,
    data_from_velocity,
    noise_from_velocity,
    step_times,
)
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.oracle_field import OracleField

ROWS = 8
#: (path, where the solve begins and ends)
LEVELS = {
    "linear": (Linear(), 0.98, 0.05),
    "trigonometric": (Trigonometric(), 0.98, 0.05),
    "vp": (VP(), 1.0, 0.05),
    "linear, to the data": (Linear(), 0.98, 0.0),
    "trigonometric, to the data": (Trigonometric(), 0.98, 0.0),
}
GRIDS = {"logsnr": GridOptions("logsnr", sigma_min=0.04), "rho": GridOptions("rho")}
each_range = pytest.mark.parametrize("where", LEVELS)
each_grid = pytest.mark.parametrize("spacing", ["logsnr", "rho", "uniform", "shifted"])
each_count = pytest.mark.parametrize("steps", [4, 9])


class Solve:
    """A field, its start, and the grid of the options."""

    def __init__(self, where, steps, options):
        self.path, start, end = LEVELS[where]
        self.field = OracleField(mixture_oracle(self.path), has_secants=False)
        self.t, self.s = (torch.full((ROWS,), v, dtype=torch.float64) for v in (start, end))
        batch = self.field.oracle.batch(ROWS, torch.Generator().manual_seed(0))
        self.x, self.steps = self.path.point(batch, self.t), steps
        self.times = step_times(self.path, self.t, self.s, steps, options)[:, 0]

    def ours(self, solver):
        return solver.solve(self.field, self.x, self.t, self.s, self.steps, Cond())

    def velocity(self, x, i):
        return self.field.tangent(x, self.times[i].expand(ROWS), Cond())

    def levels(self):
        c = self.path.coefficients(self.times)
        return c.sigma / c.alpha

    def by(self, scheduler):
        """What a scheduler of diffusers makes of it: flow for lines, noise for the others."""
        scheduler.set_timesteps(self.steps)
        flow = isinstance(self.path, Linear)
        scheduler.sigmas = self.times if flow else self.levels()
        scheduler.timesteps = 1000 * self.times[:-1]
        x = self.x
        for i, now in enumerate(scheduler.timesteps):
            output = self.velocity(x, i)
            if not flow:
                output = noise_from_velocity(self.path, x, self.times[i].expand(ROWS), output)
            x = scheduler.step(output, now, x).prev_sample
        return x

    def scheduler_options(self):
        if isinstance(self.path, Linear):
            return {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}
        return {"prediction_type": "epsilon"}


@pytest.fixture(scope="module")
def schedulers():
    pytest.importorskip("diffusers", reason="diffusers is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module("diffusers.schedulers")


@pytest.fixture(scope="module")
def k_sampling():
    """k_diffusion imports CLIP for its evaluation, which no sampler needs."""
    pytest.importorskip("scipy")
    absent = "clip" not in sys.modules
    if absent:
        sys.modules["clip"] = types.ModuleType("clip")
    try:
        return importlib.import_module("k_diffusion.sampling")
    except ImportError as error:
        pytest.skip(f"k-diffusion: {error}")
    finally:
        if absent:
            del sys.modules["clip"]


@each_range
@each_grid
@each_count
@pytest.mark.parametrize("order", [1, 2, 3])
def test_dpm_solver_pp_is_that_of_diffusers(schedulers, where, spacing, steps, order):
    solver = DPMSolverPP(DPMSolverPPOptions(spacing, order=order))
    solve = Solve(where, steps, solver.options)
    theirs = solve.by(
        schedulers.DPMSolverMultistepScheduler(
            solver_order=order, **solve.scheduler_options(), lower_order_final=True
        )
    )
    torch.testing.assert_close(solve.ours(solver), theirs, rtol=0, atol=5e-6)


def test_dpm_solver_pp_1s_is_the_single_step_one_of_diffusers(schedulers):
    solver = DPMSolverPP(DPMSolverPPOptions("logsnr", order=1))
    solve = Solve("vp", 5, solver.options)
    theirs = solve.by(
        schedulers.DPMSolverSinglestepScheduler(solver_order=1, prediction_type="epsilon")
    )
    torch.testing.assert_close(solve.ours(solver), theirs, rtol=0, atol=5e-6)


@each_range
@each_grid
@each_count
@pytest.mark.parametrize(("order", "variant"), [(1, "bh2"), (2, "bh1"), (2, "bh2"), (3, "bh2")])
def test_unipc_is_that_of_diffusers(schedulers, where, spacing, steps, order, variant):
    solver = UniPC(UniPCOptions(spacing, order=order, variant=variant))
    solve = Solve(where, steps, solver.options)
    if where.endswith("data") and variant == "bh1":
        pytest.skip("diffusers multiplies by an infinite B(h)")
    theirs = solve.by(
        schedulers.UniPCMultistepScheduler(
            solver_order=order, solver_type=variant, **solve.scheduler_options()
        )
    )
    torch.testing.assert_close(solve.ours(solver), theirs, rtol=0, atol=5e-6)


@pytest.mark.parametrize("where", ["linear", "trigonometric", "vp"])
@each_grid
@each_count
@pytest.mark.parametrize("order", [1, 2, 3])
def test_deis_is_that_of_diffusers(schedulers, where, spacing, steps, order):
    solver = DEIS(DEISOptions(spacing, order=order, polynomial="log_rho"))
    solve = Solve(where, steps, solver.options)
    theirs = solve.by(
        schedulers.DEISMultistepScheduler(solver_order=order, **solve.scheduler_options())
    )
    torch.testing.assert_close(solve.ours(solver), theirs, rtol=0, atol=5e-6)


@each_grid
def test_ipndm_is_that_of_diffusers(schedulers, spacing):
    """Theirs is along arcs, v in radians."""
    solver = IPNDM(IPNDMOptions(spacing))
    solve = Solve("trigonometric, to the data", 7, solver.options)
    scheduler = schedulers.IPNDMScheduler()
    scheduler.set_timesteps(7)
    c = solve.path.coefficients(solve.times)
    scheduler.alphas, scheduler.betas = c.alpha, c.sigma
    scheduler.timesteps, x = solve.times[:-1], solve.x
    for i, now in enumerate(scheduler.timesteps):
        x = scheduler.step(solve.velocity(x, i) / (torch.pi / 2), now, x).prev_sample
    torch.testing.assert_close(solve.ours(solver), x, rtol=0, atol=1e-12)


@pytest.mark.parametrize("where", ["linear, to the data", "trigonometric, to the data"])
@each_grid
@each_count
def test_dpm_solver_pp_2m_is_that_of_k_diffusion(k_sampling, where, spacing, steps):
    solver = DPMSolverPP(DPMSolverPPOptions(spacing))
    solve = Solve(where, steps, solver.options)
    levels = solve.levels()

    def denoised(y, level):
        i = int((levels == level[0]).nonzero())
        t = solve.times[i].expand(ROWS)
        x = at(solve.path.coefficients(t).alpha, y) * y
        return data_from_velocity(solve.path, x, t, solve.velocity(x, i))

    alpha = solve.path.coefficients(solve.t).alpha
    theirs = k_sampling.sample_dpmpp_2m(
        denoised, solve.x / at(alpha, solve.x), levels, disable=True
    )
    torch.testing.assert_close(solve.ours(solver), theirs, rtol=0, atol=1e-10)


@pytest.mark.parametrize("order", [2, 3, 4])
def test_weights_of_adams_bashforth_are_those_of_k_diffusion(k_sampling, order):
    """On an uneven grid, by its numerical quadrature."""
    times = torch.tensor([1.0, 0.93, 0.75, 0.5, 0.3, 0.1], dtype=torch.float64)
    h, earlier = times.diff()[:, None], earlier_nodes(times[:, None], order - 1)
    found = lagrange_weights(earlier, [h / (n + 1) for n in range(1, order)])
    for i in range(order - 1, 5):
        for j, weight in enumerate(found, 1):
            theirs = k_sampling.linear_multistep_coeff(order, times.numpy(), i, j)
            assert float(weight[i]) == pytest.approx(theirs, abs=1e-6)
