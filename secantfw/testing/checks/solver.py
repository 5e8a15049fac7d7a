"""Checks of a solver, on fields whose solutions are known."""

from __future__ import annotations

import math

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Solver
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.fixed_point import KS_LIMIT, ks_uniform
from secantfw.testing.oracle import Oracle, mixture_oracle
from secantfw.testing.oracle_field import OracleField
from secantfw.testing.reference_paths import ShortenedLine, StraightLine
from secantfw.testing.subject import Subject

_ORDER_TOLERANCE = 0.3
_COARSE, _FINE = 32, 64  # steps between which the order is measured
_EXACT = 1e-5  # of one step along the oracle's secants, whose own error is below it


@attrs.frozen(eq=False)
class Problem:
    """A solve whose every row has its own times: half of them go up, half down, one nowhere."""

    field: OracleField
    x: Tensor
    t: Tensor
    s: Tensor
    cond: Cond

    def solve(self, solver: Solver, steps: int) -> Tensor:
        """With a generator of its own, for solvers that draw."""
        rng = torch.Generator().manual_seed(5)
        return solver.solve(self.field, self.x, self.t, self.s, steps, self.cond, rng)

    def error(self, solver: Solver, steps: int) -> float:
        """Root mean square distance from the exact end."""
        return float((self.solve(solver, steps) - self.end()).square().mean().sqrt())

    def end(self) -> Tensor:
        """Where each row's trajectory is at its s."""
        exact = attrs.evolve(self.field.oracle, substeps=200)
        return exact.trajectory(self.x, self.t, self.s)


def check_result_has_shape_and_dtype_of_x(subject: Subject) -> None:
    """x (B, *) gives (B, *) of the same dtype, float64 too."""
    for dtype in (torch.float32, torch.float64):
        problem = _problem(subject, dtype=dtype)
        found = problem.solve(subject.object, 3)
        good = found.shape == problem.x.shape and found.dtype == dtype
        require(good, f"gives {found.dtype} {tuple(found.shape)} for {dtype} {problem.x.shape}")


def check_evaluations_are_as_claimed(subject: Subject) -> None:
    """`evaluations(N)` is how often it calls the field, the least if it is adaptive, and
    `steps_within` inverts it.
    """
    for steps in (1, 2, 5):
        problem, claimed = _problem(subject), subject.object.evaluations(steps)
        require(claimed >= steps, f"claims {claimed} evaluations in {steps} steps")
        problem.solve(subject.object, steps)
        rows = sum(call.rows for call in problem.field.calls) / len(problem.x)
        good = rows >= claimed if subject.object.adaptive else rows == claimed
        require(good, f"claims {claimed} evaluations in {steps} steps, makes {rows:g}")
        within = subject.object.steps_within(claimed)
        require(
            within >= steps and subject.object.evaluations(within) <= claimed,
            f"steps_within({claimed}) is {within}, and {steps} steps take {claimed}",
        )


def check_measured_order_is_the_claimed_one(subject: Subject) -> None:
    """Twice the steps divide the error by 2^order."""
    claimed = subject.object.order
    if claimed is None or subject.object.adaptive:
        raise Skip("claims no order" if claimed is None else "chooses its steps itself")
    coarse = _problem(subject).error(subject.object, _COARSE)
    fine = _problem(subject).error(subject.object, _FINE)
    measured = math.log2(coarse / fine) if fine > 0 else math.inf
    close = abs(measured - claimed) < _ORDER_TOLERANCE
    require(close, f"claims order {claimed}, measured {measured:.2f}")


def check_steps_along_exact_secants_are_exact(subject: Subject) -> None:
    """Where the secants are exact, one step is, and so are three."""
    if "secant" not in subject.object.requires:
        raise Skip("does not use secants")
    for steps in (1, 3):
        error = _problem(subject, substeps=64).error(subject.object, steps)
        require(error < _EXACT, f"{steps} steps along exact secants err by {error:.2g}")


def check_samples_follow_the_data(subject: Subject) -> None:
    """From noise at t_max to t_min, the ends have the distribution of the data."""
    path = StraightLine()
    oracle = mixture_oracle(path)
    rows, steps = (4000, 8) if _uses_secants(subject) else (4000, _FINE)
    t = torch.ones(rows, dtype=torch.float64)
    z = oracle.batch(rows, torch.Generator().manual_seed(1)).z
    field = OracleField(oracle, _uses_secants(subject))
    rng = torch.Generator().manual_seed(2)
    end = subject.object.solve(field, z, t, 0 * t, steps, Cond(), rng)
    for axis in torch.eye(3, dtype=torch.float64):
        found = ks_uniform(oracle.marginal_cdf(end, 0 * t, axis))
        require(found < KS_LIMIT, f"samples do not follow the data (KS {found:.1f})")


def check_goes_both_ways_with_times_of_each_row(subject: Subject) -> None:
    """Each row is solved between its own times, down or up; a row with s = t stays."""
    problem = _problem(subject)
    found = problem.solve(subject.object, 64)
    require(found.isfinite().all(), "gives numbers that are not finite")
    stays = problem.t == problem.s
    moved = float((found - problem.x)[stays].abs().max())
    require(moved < 1e-6, f"moves a row whose s is t, by {moved:.2g}")
    error = (found - problem.end()).square().mean(1).sqrt()
    for way, rows in (("down", problem.s < problem.t), ("up", problem.s > problem.t)):
        worst = float(error[rows].max())
        require(worst < 0.25, f"a row that goes {way} ends {worst:.2g} from the exact end")


def check_times_stay_in_the_range_of_the_path(subject: Subject) -> None:
    """The field is asked at times in [t_min, t_max] only."""
    problem = _problem(subject, ShortenedLine())
    problem.solve(subject.object, 4)
    times, path = problem.field.times(), problem.field.path
    inside = (times >= path.t_min - 1e-9) & (times <= path.t_max + 1e-9)
    require(inside.all(), f"asks the field outside [{path.t_min}, {path.t_max}]")


def check_conditions_reach_the_field(subject: Subject) -> None:
    """Every call is given the labels of its rows."""
    problem = _problem(subject)
    problem.solve(subject.object, 2)
    label = problem.cond.label
    for call in problem.field.calls:
        given = call.cond.label is not None and label is not None
        require(given and same(call.cond.label, label), "a call of the field lacks the labels")  # type: ignore[arg-type]


def _uses_secants(subject: Subject) -> bool:
    return "secant" in subject.object.requires


def _problem(
    subject: Subject,
    path: Path | None = None,
    dtype: torch.dtype = torch.float64,
    substeps: int = 4,
) -> Problem:
    oracle: Oracle = attrs.evolve(mixture_oracle(path or StraightLine()), substeps=substeps)
    low, high = oracle.path.t_min, oracle.path.t_max
    rows = 33  # the middle row has s = t
    t = torch.linspace(low, high, rows, dtype=torch.float64)
    batch = oracle.batch(rows, torch.Generator().manual_seed(0))
    x = oracle.path.point(batch, t).to(dtype)
    s = (low + high - t).to(dtype)
    field = OracleField(oracle, _uses_secants(subject))
    return Problem(field, x, t.to(dtype), s, Cond(label=torch.arange(rows) % 3))


def _trial(subject: Subject) -> Trial:
    p = _problem(subject)
    assert p.cond.label is not None
    return Trial((p.x, p.t, p.s, p.cond.label), lambda: [p.solve(subject.object, 2)])


CHECKS = (
    check_result_has_shape_and_dtype_of_x,
    check_evaluations_are_as_claimed,
    check_measured_order_is_the_claimed_one,
    check_steps_along_exact_secants_are_exact,
    check_samples_follow_the_data,
    check_goes_both_ways_with_times_of_each_row,
    check_times_stay_in_the_range_of_the_path,
    check_conditions_reach_the_field,
    *purity_checks(_trial),
)
