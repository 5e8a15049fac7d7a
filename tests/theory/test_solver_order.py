"""Orders of the solvers, measured on the oracle, and what they call."""

from __future__ import annotations

import attrs
import pytest
import torch
from secantfw_basics.options import SecantOptions
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.heun import Heun
from secantfw_basics.solvers.secant import SecantSteps
from torch import Tensor

from secantfw import Cond, Path, Solver
from secantfw.testing.oracle import Oracle, mixture_oracle

SOLVERS = {
    "Euler": Euler(),
    "Heun": Heun(),
    "SecantSteps": SecantSteps(),
    "SecantSteps, spaced": SecantSteps(SecantOptions("logit_normal", 0.5, 1.3)),
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
@pytest.mark.parametrize("solver", [Euler(), Heun()], ids=lambda s: type(s).__name__)
def test_the_measured_order_is_the_claimed_one(solver: Solver, path: Path) -> None:
    coarse, fine = _error(solver, path, 64), _error(solver, path, 128)
    order = torch.tensor(coarse / fine).log2().item()
    assert solver.order is not None
    assert order == pytest.approx(solver.order, abs=0.15)


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


@pytest.mark.parametrize(
    "solver", [Euler(), Heun(), SecantSteps()], ids=lambda s: type(s).__name__
)
def test_grids_are_uniform_and_exact_at_both_ends(solver: Solver) -> None:
    oracle, x, t, s = _problem(Linear())
    field = OracleField(attrs.evolve(oracle, substeps=1))
    solver.solve(field, x, t, s, 7, Cond())
    visited = torch.stack(field.times)
    assert torch.equal(visited[0], t)
    if solver.order == 2:
        assert torch.equal(visited[-1], s)
        visited = visited[::2]
    torch.testing.assert_close(visited.diff(dim=0), ((s - t) / 7).expand(6, -1))


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
