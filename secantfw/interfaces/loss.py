"""SecantLoss, and the context that is everything a loss may use."""

from __future__ import annotations

import abc
from collections.abc import Callable
from typing import ClassVar, Literal, Protocol

import attrs
import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Batch, Cond, LossTerms, Times, TimesNeed

DerivativeMethod = Literal["exact", "finite_difference"]


@attrs.frozen(eq=False, init=False)
class Point:
    """Where a two-time network is evaluated, or a direction there: x (B, *), t (B,), s (B,)."""

    x: Tensor
    t: Tensor
    s: Tensor

    def __init__(self, x: Tensor, t: Tensor, s: Tensor) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "t", t)
        object.__setattr__(self, "s", s)


@attrs.frozen(eq=False, init=False)
class Derivative:
    """f at a point and its derivative along a direction, (B, *) each."""

    value: Tensor
    derivative: Tensor

    def __init__(self, value: Tensor, derivative: Tensor) -> None:
        # Written out, since torch.compile cannot trace what attrs generates for a frozen class.
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "derivative", derivative)


class SecantCall(Protocol):
    """A two-time network as a loss sees it: f(x, t, s), counted, under the run's autocast."""

    def __call__(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor: ...


class TangentCall(Protocol):
    """A one-time field as a loss sees it: v(x, t), guided by `cond.guidance`, without gradient."""

    def __call__(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor: ...


class Context(abc.ABC):
    """What a loss may use. A new service is a new member here, never a new loss signature."""

    path: Path
    student: SecantCall  # live weights; `grad=True` builds the graph
    target: SecantCall  # the EMA copy; never builds a graph
    teacher: TangentCall  # raises UserError in an experiment without a teacher
    progress: float  # share of the run done, in [0, 1)

    @abc.abstractmethod
    def guided_tangent(self, network: SecantCall, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """The network's own tangent f(x, t, t), (B, *), without gradient.

        With `cond.guidance` w it is guided: f_null + w (f_label - f_null), both evaluated while
        the network is told scale 1, since a tangent that was learnt from data is unguided.
        """

    @abc.abstractmethod
    def jvp(
        self,
        network: SecantCall,
        at: Point,
        direction: Point,
        cond: Cond,
        *,
        method: DerivativeMethod = "exact",
        grad: bool = False,
    ) -> Derivative:
        """f and its derivative along `direction`: d/de f(x + e dx, t + e dt, s + e ds) at e = 0.

        The total derivative along a trajectory, D_t f, has direction (v(x, t), 1, 0).

        Args:
            network: `ctx.student` or `ctx.target`.
            at, direction: (x, t, s) and (dx, dt, ds), of the same shapes.
            cond: labels and guidance scales.
            method: "exact" by forward-mode AD, in one evaluation (a loss that uses it requires
                "jvp"); "finite_difference" by two more evaluations, central, to O(e^2).
            grad: whether value and derivative carry a graph.
        """

    @abc.abstractmethod
    def solve_teacher(self, x: Tensor, t: Tensor, s: Tensor, steps: int, cond: Cond) -> Tensor:
        """x at time s, (B, *): dx = v dt from x (B, *) at time t in `steps` steps; t, s (B,).

        The solver is the experiment's `train.teacher_solver`; v is guided as `teacher` is.
        """

    @abc.abstractmethod
    def fork_rng(self, name: str) -> torch.Generator:
        """A generator that is a function of (seed, `name`, step) alone; draw by `drawn`."""

    def drawn(self, n: int, draw: Callable[[int], Tensor]) -> Tensor:
        """draw(n), (n, ...), for the n rows that the loss was given.

        A process or an accumulated piece has only some rows of the global batch: then the numbers
        are drawn for all of it and those of the n rows are kept, so that a row's numbers do not
        depend on how many processes there are. `draw` may be asked for more than n.
        """
        return draw(n)


class SecantLoss(abc.ABC):
    """A training objective for f. Draws nothing: randomness arrives in the batch and the times.

    Reduction, weighting, autocast and accumulation belong to the engine. Built as
    `Component(options)`, or as an attrs class whose fields are the options.
    """

    #: What it cannot do without: "teacher", "ema", "bidirectional" (s > t too), "every_time" (t
    #: anywhere in the path's range, not on a grid), "mid" or "tangent_rows" (those times, which
    #: not every sampler gives), "labels", "jvp".
    #: Checked against the experiment before anything runs.
    requires: ClassVar[frozenset[str]] = frozenset()
    #: What a student trained with it can be asked for: "secant", or "tangent" for a loss that
    #: trains at s = t alone. Decides under which solvers the student is evaluated.
    provides: ClassVar[frozenset[str]] = frozenset({"secant"})
    #: Whether the exact secant is where the mean gradient vanishes; False needs a reason in
    #: `fixed_point_note`. May depend on the options.
    fixed_point: bool = True
    fixed_point_note: str = ""
    #: Why, with exact networks, the points at which they are asked are a little off the path's
    #: marginals; empty for a loss that asks on the path. May depend on the options.
    points_note: str = ""

    @abc.abstractmethod
    def times_needed(self) -> TimesNeed:
        """The times it asks of the time sampler."""

    @abc.abstractmethod
    def __call__(self, ctx: Context, batch: Batch, times: Times) -> LossTerms:
        """The loss of each row, (B,), and scalars to log."""

    def requirements(self) -> frozenset[str]:
        """What this instance requires; by default the class's `requires`."""
        return self.requires
