"""The reference solution of the teacher's ODE, in as many steps as its own error asks for.

With x_N the solution in N steps, and e_N its mean squared error a number of x (Richardson):

    e_N = 5/4 (2^p / (2^p - 1))^2 mean |x_N - x_2N|^2

N starts at `evaluate.reference_steps` and is doubled until the estimate is below
`evaluate.reference_tolerance`. A quarter is added for terms of higher order. p is the order that
is counted on, at most 2 whatever the solver's: in few steps, or across the end of a guidance
interval, errors fall no faster. Where N is even a step ends in the middle of time, the usual end
of an interval, and the order is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.solver import Field, Solver
from secantfw.sampling.draw import Start, draw

#: Samples on which the error is estimated, in whole compute blocks.
TRIED = 64
_MOST_STEPS = 1024
_ORDER = 2  # counted on at most
_SAFETY = 1.25


@attrs.frozen
class Reference:
    """A solver and how many of its steps stand for the exact ODE."""

    solver: Solver
    steps: int
    tolerance: float = 0.0  # mean squared error a number; 0: `steps` were given
    error: float | None = None  # as estimated; None: not estimated

    @property
    def reached(self) -> bool:
        return self.error is not None and self.error <= self.tolerance

    def compared(self) -> str:
        """What numbers of two runs must share. The steps are left out where the tolerance is
        reached: other samples may take half or twice as many.
        """
        if self.reached:
            return f"error at most {self.tolerance:g}"
        missed = f" (tolerance {self.tolerance:g} missed)" if self.tolerance else ""
        return f"{self.steps} steps{missed}"

    def text(self) -> str:
        """Steps, error and tolerance: "32 steps, error 3.1e-06 (tolerance 1e-05)"."""
        if self.error is None:
            return f"{self.steps} steps"
        return f"{self.steps} steps, error {self.error:.1e} (tolerance {self.tolerance:g})"


def choose_reference(
    field: Field, solver: Solver, starts: Sequence[Start], least: int, tolerance: float
) -> Reference:
    """The least N = `least`, 2 `least`, ... whose error is within the tolerance on `starts`.

    Without a tolerance, or for a solver that bounds its error itself or claims no order, `least`.
    At most 1024 steps are taken; the reference then says that it missed the tolerance.
    """
    if tolerance == 0 or solver.adaptive or solver.order is None:
        return Reference(solver, least)

    def ends(steps: int) -> Tensor:
        return torch.cat([draw(field, solver, start, steps) for start in starts])

    found = doubled(ends, least, _MOST_STEPS, tolerance, solver.order)
    return Reference(solver, found.steps, tolerance, found.error)


@attrs.frozen
class Doubled:
    """A number of steps, and its estimated mean squared error a number of x."""

    steps: int
    error: float


def doubled(
    solve: Callable[[int], Tensor], least: int, most: int, tolerance: float, order: int
) -> Doubled:
    """The first of `least`, 2 `least`, ... steps whose error is within the tolerance.

    Args:
        solve: steps -> ends (n, *).
        most: steps of the finest solve, at which the tolerance may be missed.
        order: of the solver that `solve` calls.
    """
    steps, ends = least, solve(least)
    while True:
        finer = solve(2 * steps)
        error = error_of(ends, finer, order)
        if error <= tolerance or 2 * steps > most:
            return Doubled(steps, error)
        steps, ends = 2 * steps, finer


def error_of(ends: Tensor, finer: Tensor, order: int) -> float:
    """The estimated mean squared error of `ends`, (n, *), given those of twice as many steps."""
    growth = 2.0 ** min(order, _ORDER)
    difference = (ends.double() - finer.double()).square().mean()
    return _SAFETY * float(difference) * (growth / (growth - 1)) ** 2
