"""Orders of the solvers, measured on the oracle, and what they call."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
import torch
from secantfw_basics.options import HeunOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.heun import Heun
from secantfw_basics.solvers.midpoint import Midpoint
from secantfw_basics.solvers.secant import SecantSteps
from torch import Tensor

from secantfw import Cond, GridOptions, Path, Solver, step_times
from secantfw.testing.oracle import Oracle, mixture_oracle

SOLVERS = {
    "Euler": Euler(),
    "Heun": Heun(),
    "Heun to the end": Heun(HeunOptions(final="heun")),
    "Midpoint": Midpoint(),
    "SecantSteps": SecantSteps(),
    "SecantSteps, spaced": SecantSteps(GridOptions("logit_normal", mean=0.5, std=1.3)),
}
each_solver = pytest.mark.parametrize("solver", SOLVERS.values(), ids=SOLVERS.keys())


@attrs.define(eq=False)
class OracleField:
    """The oracle as a field that counts its calls and remembers their times."""

    oracle: Oracle
    calls: int = 0
    times: list[Tensor] = attrs.field(factory=list)

    @property
    def path(self) -> Path:
        return self.oracle.path

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self._count(t)
        return self.oracle.tangent(x, t)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        self._count(t)
        return self.oracle.secant(x, t, s)

    def _count(self, t: Tensor) -> None:
        self.calls += 1
        self.times.append(t)


def _problem(path: Path) -> tuple[Oracle, Tensor, Tensor, Tensor]:
    """A solve from noise to data in half of the rows, and inversion in the others."""
    oracle = attrs.evolve(mixture_oracle(path), substeps=200)
    batch = oracle.batch(64, torch.Generator().manual_seed(0))
    t = torch.linspace(0.0, 1.0, 64, dtype=torch.float64)
    return oracle, path.point(batch, t), t, 1 - t


def _error(solver: Solver, path: Path, steps: int) -> float:
    oracle, x, t, s = _problem(path)
    end = solver.solve(OracleField(oracle), x, t, s, steps, Cond())
    return float((end - oracle.trajectory(x, t, s)).square().mean().sqrt())


@pytest.mark.parametrize("path", [Linear(), Trigonometric()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("name", ["Euler", "Heun", "Heun to the end", "Midpoint"])
def test_the_measured_order_is_the_claimed_one(name: str, path: Path) -> None:
    solver = SOLVERS[name]
    coarse, fine = _error(solver, path, 64), _error(solver, path, 128)
    order = torch.tensor(coarse / fine).log2().item()
    assert solver.order is not None
    assert order == pytest.approx(solver.order, abs=0.15)


@pytest.mark.parametrize("path", [Linear(), Trigonometric(), VP()], ids=lambda p: type(p).__name__)
@pytest.mark.parametrize("spacing", ["uniform", "shifted", "logsnr", "rho", "logit_normal"])
@pytest.mark.parametrize("make", [Euler, Heun, Midpoint])
def test_every_grid_keeps_the_order(make: Any, spacing: Any, path: Path) -> None:
    """Between levels that no grid clamps. The end steps of the logit-normal grid shrink slower
    than 1/N, and with them the error: it falls, by no power of N."""
    oracle = attrs.evolve(mixture_oracle(path), substeps=400)
    t, s = (torch.full((16,), v, dtype=torch.float64) for v in (0.9, 0.05))
    x = path.point(oracle.batch(16, torch.Generator().manual_seed(0)), t)
    options = (HeunOptions if make is Heun else GridOptions)(spacing)
    solver, exact = make(options), oracle.trajectory(x, t, s)
    errors = [
        (solver.solve(OracleField(oracle), x, t, s, steps, Cond()) - exact).square().mean().sqrt()
        for steps in (64, 128)
    ]
    order = float((errors[0] / errors[1]).log2())
    if spacing == "logit_normal":
        assert order > 0.3
    else:
        assert order == pytest.approx(solver.order, abs=0.3)


@pytest.mark.parametrize("steps", [1, 3])
def test_steps_along_exact_secants_are_exact(steps: int) -> None:
    assert _error(SecantSteps(), Linear(), steps) < 1e-6


@each_solver
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_evaluations_are_as_claimed(solver: Solver, steps: int) -> None:
    oracle, x, t, s = _problem(Linear())
    field = OracleField(attrs.evolve(oracle, substeps=1))
    solver.solve(field, x, t, s, steps, Cond())
    assert field.calls == solver.evaluations(steps)
    assert solver.steps_within(field.calls) == steps


@pytest.mark.parametrize("spacing", ["uniform", "shifted", "logsnr", "rho", "logit_normal"])
@pytest.mark.parametrize("name", ["Euler", "Heun", "Heun to the end", "Midpoint", "SecantSteps"])
def test_steps_are_asked_for_at_the_times_of_the_grid(name: str, spacing: Any) -> None:
    oracle, x, t, s = _problem(Linear())
    field = OracleField(attrs.evolve(oracle, substeps=1))
    made = SOLVERS[name]
    options = attrs.evolve(made.options, spacing=spacing)  # type: ignore[attr-defined]
    type(made)(options).solve(field, x, t, s, 7, Cond())  # type: ignore[call-arg]
    times, visited = step_times(Linear(), t, s, 7, options), torch.stack(field.times)
    of_a_step = 1 if name in ("Euler", "SecantSteps") else 2
    assert torch.equal(visited[::of_a_step], times[:7])
    if name.startswith("Heun"):
        assert torch.equal(visited[1::2], times[1:7] if name == "Heun" else times[1:])
    if name == "Midpoint":
        assert torch.equal(visited[1::2], torch.lerp(times[:-1], times[1:], 0.5))


def test_heun_ends_with_a_step_of_eulers_and_so_never_asks_at_the_data() -> None:
    """Algorithm 2 of arXiv:2206.00364."""
    oracle, x, t, s = _problem(Linear())
    field = OracleField(oracle)
    half = t + (s - t) / 2
    found = Heun().solve(field, x, t, s, 2, Cond())
    middle = Heun(HeunOptions(final="heun")).solve(field, x, t, half, 1, Cond())
    torch.testing.assert_close(found, Euler().solve(field, middle, half, s, 1, Cond()))
    assert Heun().evaluations(2) == 3


def test_a_spaced_grid_has_the_quantiles_seen_from_the_noise_in_either_direction() -> None:
    oracle, x, _, _ = _problem(Linear())
    field = OracleField(attrs.evolve(oracle, substeps=1))
    low, high = torch.zeros(64, dtype=torch.float64), torch.ones(64, dtype=torch.float64)
    solver = SOLVERS["SecantSteps, spaced"]
    solver.solve(field, x, high, low, 4, Cond())
    solver.solve(field, x, low, high, 4, Cond())
    quantiles = torch.sigmoid(0.5 + 1.3 * torch.special.ndtri(torch.arange(5).double() / 4))
    visited = torch.stack(field.times)[:, 0]
    torch.testing.assert_close(visited, torch.cat((quantiles.flip(0)[:4], quantiles[:4])))


@each_solver
def test_inputs_are_left_alone_and_zero_steps_are_refused(solver: Solver) -> None:
    oracle, x, t, s = _problem(Linear())
    kept = [v.clone() for v in (x, t, s)]
    field = OracleField(attrs.evolve(oracle, substeps=1))
    solver.solve(field, x, t, s, 2, Cond())
    assert all(torch.equal(a, b) for a, b in zip((x, t, s), kept, strict=True))
    with pytest.raises(ValueError, match="at least one step"):
        solver.solve(field, x, t, s, 0, Cond())
