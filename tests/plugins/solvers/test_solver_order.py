"""Orders of convergence on the oracle, on every path, and the grids that they are measured on."""

from __future__ import annotations

import functools
import math

import attrs
import pytest
import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_solvers.multistep.adams_bashforth import AdamsBashforth
from secantfw_solvers.multistep.deis import DEIS
from secantfw_solvers.multistep.dpm_solver_pp import DPMSolverPP
from secantfw_solvers.multistep.ipndm import IPNDM
from secantfw_solvers.multistep.unipc import UniPC
from secantfw_solvers.options import (
    AdamsBashforthOptions,
    DEISOptions,
    DPMSolverPPOptions,
    IPNDMOptions,
    UniPCOptions,
)
from secantfw_solvers.runge_kutta.heun3 import Heun3
from secantfw_solvers.runge_kutta.rk4 import RK4

from secantfw import Cond, GridOptions, step_times
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.oracle_field import OracleField

PATHS = {"linear": Linear(), "trigonometric": Trigonometric(), "vp": VP()}
FULL = {"lower_order_final": False}
ROWS = 8

#: A solver of given spacing, and its order between finite levels with all steps of full order.
SOLVERS = {
    "heun3": (lambda g: Heun3(GridOptions(g)), 3),
    "rk4": (lambda g: RK4(GridOptions(g)), 4),
    **{
        f"adams_bashforth {k}": (
            lambda g, k=k: AdamsBashforth(AdamsBashforthOptions(g, order=k)),
            k,
        )
        for k in (1, 2, 3, 4)
    },
    **{
        f"ipndm {k}": (lambda g, k=k: IPNDM(IPNDMOptions(g, order=k)), min(k, 2))
        for k in (1, 2, 3, 4)
    },
    **{
        f"dpm_solver_pp {k}": (
            lambda g, k=k: DPMSolverPP(DPMSolverPPOptions(g, order=k, **FULL)),
            min(k, 2),
        )
        for k in (1, 2, 3)
    },
    **{
        f"deis {p} {k}": (
            lambda g, k=k, p=p: DEIS(DEISOptions(g, order=k, polynomial=p, **FULL)),
            k,
        )
        for k in (1, 2)
        for p in ("t", "log_rho")
    },
    "unipc 1": (lambda g: UniPC(UniPCOptions(g, order=1)), 2),
    "unipc 2, bh1": (lambda g: UniPC(UniPCOptions(g, variant="bh1", **FULL)), 3),
    "unipc 2, bh2": (lambda g: UniPC(UniPCOptions(g, **FULL)), 3),
}
each_path = pytest.mark.parametrize("path", PATHS)


@functools.cache
def problem(path):
    """From t = 0.9 to 0.05, between the levels that grids are cut at, and the exact end."""
    oracle = attrs.evolve(mixture_oracle(PATHS[path]), substeps=1000)
    t, s = (torch.full((ROWS,), v, dtype=torch.float64) for v in (0.9, 0.05))
    x = PATHS[path].point(oracle.batch(ROWS, torch.Generator().manual_seed(0)), t)
    return OracleField(oracle, has_secants=False), x, t, s, oracle.trajectory(x, t, s)


def error(solver, path, steps):
    field, x, t, s, end = problem(path)
    found = solver.solve(field, x, t, s, steps, Cond())
    return float((found - end).square().mean().sqrt())


@each_path
@pytest.mark.parametrize("name", SOLVERS)
def test_the_measured_order_is_the_expected_one(name, path):
    make, order = SOLVERS[name]
    coarse, fine = (error(make("logsnr"), path, steps) for steps in (128, 256))
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.15)


@each_path
@pytest.mark.parametrize("spacing", ["uniform", "shifted", "rho"])
@pytest.mark.parametrize("make", [DPMSolverPP, Heun3, RK4])
def test_other_grids_keep_the_order(make, spacing, path):
    plain = make is not DPMSolverPP
    solver = make(GridOptions(spacing) if plain else DPMSolverPPOptions(spacing, **FULL))
    coarse, fine = (error(solver, path, steps) for steps in (64, 128))
    assert math.log2(coarse / fine) == pytest.approx(solver.order, abs=0.25)


def test_heun3_asks_at_thirds_of_a_step_and_never_at_its_end():
    path, one = PATHS["linear"], torch.ones(1, dtype=torch.float64)
    field = OracleField(mixture_oracle(path), has_secants=False)
    Heun3(GridOptions()).solve(field, torch.zeros(1, 3).double(), one, 0 * one, 1, Cond())
    torch.testing.assert_close(field.times(), torch.tensor([3, 2, 1]).double() / 3)


@each_path
@pytest.mark.parametrize("make", [DEIS, UniPC, DPMSolverPP])
def test_more_evaluations_a_step_are_better_even_where_the_order_is_the_same(make, path):
    options = {DEIS: DEISOptions, UniPC: UniPCOptions, DPMSolverPP: DPMSolverPPOptions}[make]
    errors = [error(make(options("logsnr", order=k, **FULL)), path, 16) for k in (1, 2, 3)]
    assert errors[2] < errors[1] / 1.1 < errors[0] / 2


@each_path
@pytest.mark.parametrize("spacing", ["uniform", "rho"])
@pytest.mark.parametrize("name", SOLVERS)
def test_the_ends_of_time_are_as_good_as_its_middle(name, spacing, path):
    """Where the signal-to-noise ratio is infinite; up and down; and a row that stays."""
    p = PATHS[path]
    t = torch.tensor([p.t_max, p.t_min, 1.0, p.t_min, 0.5], dtype=torch.float64)
    s = torch.tensor([p.t_min, p.t_max, 1.0, p.t_min, 0.5], dtype=torch.float64)
    oracle = attrs.evolve(mixture_oracle(p), substeps=100)
    x = p.point(oracle.batch(5, torch.Generator().manual_seed(0)), t)
    field, solver = OracleField(oracle, has_secants=False), SOLVERS[name][0](spacing)
    for steps in (1, 2, 12):
        found = solver.solve(field, x, t, s, steps, Cond())
        assert found.isfinite().all()
        torch.testing.assert_close(found[2:], x[2:], rtol=0, atol=1e-12)
    if path != "vp" and spacing == "uniform":
        off = (found - oracle.trajectory(x, t, s))[0].square().mean().sqrt()
        assert float(off) < 0.1


def test_grids_are_what_they_say():
    path, one = Linear(), torch.ones(1, dtype=torch.float64)
    times = {
        name: step_times(path, one, 0 * one, 4, GridOptions(name, sigma_min=0.01, sigma_max=50))
        for name in ("uniform", "shifted", "logsnr", "rho", "logit_normal")
    }
    u = torch.tensor([1.0, 0.75, 0.5, 0.25, 0.0], dtype=torch.float64)
    torch.testing.assert_close(times["uniform"][:, 0], u)
    torch.testing.assert_close(times["shifted"][:, 0], 3 * u / (1 + 2 * u))
    quantiles = torch.special.ndtri(u)
    torch.testing.assert_close(times["logit_normal"][:, 0], quantiles.sigmoid())
    # Three equal steps of the clock to sigma_min, and one to the data.
    thirds = torch.tensor([1 / 3, 2 / 3, 1.0], dtype=torch.float64)
    level = (times["logsnr"] / (1 - times["logsnr"]))[1:4, 0]
    torch.testing.assert_close(level.log(), math.log(50) * (1 - thirds) + math.log(0.01) * thirds)
    level = (times["rho"] / (1 - times["rho"]))[1:4, 0]
    seventh = 50 ** (1 / 7) * (1 - thirds) + 0.01 ** (1 / 7) * thirds
    torch.testing.assert_close(level ** (1 / 7), seventh)


@pytest.mark.parametrize("spacing", ["uniform", "shifted", "logsnr", "rho", "logit_normal"])
@each_path
def test_a_grid_is_exact_at_both_ends_and_the_same_both_ways(spacing, path):
    p = PATHS[path]
    t = torch.tensor([p.t_max, p.t_min, 0.8, 0.3], dtype=torch.float64)
    s = torch.tensor([p.t_min, p.t_max, 0.3, 0.8], dtype=torch.float64)
    times = step_times(p, t, s, 5, GridOptions(spacing))
    assert torch.equal(times[0], t)
    assert torch.equal(times[-1], s)
    torch.testing.assert_close(times[:, 1], times[:, 0].flip(0))
    torch.testing.assert_close(times[:, 3], times[:, 2].flip(0))
    assert (times[:, 0].diff() < 0).all()


def test_fewer_than_one_step_is_refused():
    with pytest.raises(ValueError, match="at least one step"):
        error(DPMSolverPP(DPMSolverPPOptions()), "linear", 0)


def test_levels_that_are_exchanged_are_refused():
    with pytest.raises(ValueError, match="sigma_min must be below sigma_max"):
        UniPCOptions(sigma_min=3.0, sigma_max=2.0)
