"""RunContext: what a loss may use in a real run, every network call counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs
import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import (
    Context,
    Derivative,
    DerivativeMethod,
    Point,
    SecantCall,
    TangentCall,
)
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Solver
from secantfw.interfaces.teacher import Teacher
from secantfw.runtime.randomness import Streams
from secantfw.sampling.derivative import derivative
from secantfw.sampling.field import CountedField
from secantfw.sampling.guidance import guided, guided_in_interval, told_in_interval


@attrs.frozen
class TrainingInterval:
    """Where training guides, lo < t <= hi; `pick`: the null class for the guided rows alone."""

    interval: tuple[float, float]
    pick: bool = False


@attrs.define
class Counts:
    """Network evaluations so far, in rows; `backward` are those of `forward` with a graph."""

    forward: int = 0
    backward: int = 0
    teacher: int = 0

    @property
    def evaluations(self) -> int:
        """Of all networks, in rows."""
        return self.forward + self.teacher

    def per_row(self, rows: int) -> str:
        """`3F 1B`: forward and backward evaluations per sample of the batch."""
        return f"{self.evaluations / rows:g}F {self.backward / rows:g}B"


@attrs.frozen
class Amp:
    """The dtypes of autocast; None: none. `target` is that of evaluations without gradient."""

    trained: torch.dtype | None = None
    target: torch.dtype | None = None


@attrs.frozen(eq=False)
class TeacherSolve:
    """What a loss asks of the teacher's ODE: x (B, *) at t to s, (B,) each, in `steps`."""

    x: Tensor
    t: Tensor
    s: Tensor
    steps: int
    cond: Cond


class StudentCall(SecantCall):
    """f(x, t, s) of one network, under autocast where the run says so; a graph only if asked."""

    def __init__(
        self, network: Backbone, counts: Counts, amp: Amp, interval: TrainingInterval | None = None
    ) -> None:
        self.network, self.counts, self.amp, self.interval = network, counts, amp, interval

    def __call__(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor:
        self.counts.forward += x.shape[0]
        if self.interval is not None:
            cond = told_in_interval(cond, t, self.interval.interval)
        if grad:
            self.counts.backward += x.shape[0]
            return self._evaluate(x, t, s, cond, self.amp.trained)
        with torch.no_grad():
            return self._evaluate(x, t, s, cond, self.amp.target)

    def _evaluate(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, dtype: torch.dtype | None
    ) -> Tensor:
        if dtype is None:
            return self.network(x, t, s, cond)  # type: ignore[no-any-return]
        # One autocast region per pass: a no-grad pass caches its casts without a graph, and in one
        # shared region the pass with gradients would reuse them (pytorch#112583).
        with torch.autocast(x.device.type, dtype):
            return self.network(x, t, s, cond).float()  # type: ignore[no-any-return]


class TargetCall(StudentCall):
    """The EMA copy; never builds a graph."""

    def __call__(
        self, x: Tensor, t: Tensor, s: Tensor, cond: Cond, *, grad: bool = False
    ) -> Tensor:
        if grad:
            raise UserError("ctx.target is the EMA copy: it has no gradient")
        return super().__call__(x, t, s, cond)


class GuidedTeacher(TangentCall):
    """v(x, t) of the teacher, guided row by row where `cond.guidance` is set."""

    def __init__(
        self,
        teacher: Teacher,
        null: int,
        counts: Counts,
        dtype: torch.dtype | None,
        channels: int | None = None,
        interval: TrainingInterval | None = None,
    ) -> None:
        self.teacher, self.null = teacher, null
        self.channels, self.interval = channels, interval
        self.counts, self.dtype = counts, dtype

    def __call__(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        with torch.no_grad():
            if cond.guidance is None or cond.label is None:
                return self._velocity(x, t, t, cond)
            if self.interval is None:
                return guided(self._velocity, x, t, t, cond, self.null, self.channels)
            low_high, pick = self.interval.interval, self.interval.pick
            return guided_in_interval(
                self._velocity, x, t, cond, self.null, low_high, self.channels, pick=pick
            )

    def _velocity(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        self.counts.teacher += x.shape[0]
        if self.dtype is None:
            return self.teacher.velocity(x, t, cond)
        with torch.autocast(x.device.type, self.dtype):
            return self.teacher.velocity(x, t, cond).float()


class NoTeacher(TangentCall):
    """Stands where an experiment has no teacher."""

    def __call__(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        raise UserError("this loss asked for a teacher, and the experiment has no [teacher]")


class RunContext(Context):
    """The context of a run. The loop sets `step`; who gives a loss some rows of the global batch
    says which in `rows`, and in `batch_size` of how many."""

    def __init__(
        self,
        *,
        path: Path,
        student: Backbone,
        ema: Backbone,
        teacher: Teacher | None,
        null: int,
        streams: Streams,
        steps: int,
        teacher_solver: Solver,
        guided_channels: int | None = None,
        interval: TrainingInterval | None = None,
        amp: Amp | None = None,
    ) -> None:
        """`interval`: of guidance in training; None: at all times."""
        amp = Amp() if amp is None else amp
        self.path = path
        self.counts = Counts()
        self.student = StudentCall(student, self.counts, amp, interval)
        self.target = TargetCall(ema, self.counts, amp, interval)
        self.teacher = NoTeacher()
        if teacher is not None:
            self.teacher = GuidedTeacher(
                teacher, null, self.counts, amp.target, guided_channels, interval
            )
        self._null, self._channels, self._interval = null, guided_channels, interval
        self._streams, self._steps = streams, steps
        self.teacher_solver = teacher_solver
        #: Times the steps that a loss asks for (`teacher_steps`).
        self.solve_multiple = 1
        #: How often a loss has integrated the teacher.
        self.solves = 0
        self._solves: list[TeacherSolve] | None = None
        self.step = 0
        self.rows: slice | None = None
        self.batch_size = 0

    def drawn(self, n: int, draw: Callable[[int], Tensor]) -> Tensor:
        return draw(n) if self.rows is None else draw(self.batch_size)[self.rows]

    @property
    def progress(self) -> float:  # type: ignore[override]
        return self.step / self._steps

    def guided_tangent(self, network: SecantCall, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        if cond.guidance is None or cond.label is None:
            return network(x, t, t, cond)

        def told_one(x: Tensor, t: Tensor, s: Tensor, c: Cond) -> Tensor:
            return network(x, t, s, Cond(c.label, torch.ones_like(t), c.augment))

        with torch.no_grad():
            if self._interval is None:
                return guided(told_one, x, t, t, cond, self._null, self._channels)
            low_high, pick = self._interval.interval, self._interval.pick
            return guided_in_interval(
                told_one, x, t, cond, self._null, low_high, self._channels, pick=pick
            )

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
        return derivative(network, at, direction, cond, method=method, grad=grad)

    @torch.no_grad()
    def solve_teacher(self, x: Tensor, t: Tensor, s: Tensor, steps: int, cond: Cond) -> Tensor:
        asked = TeacherSolve(x, t, s, steps, cond)
        self.solves += 1
        if self._solves is not None:
            self._solves.append(asked)
        return self.integrate(attrs.evolve(asked, steps=steps * self.solve_multiple))

    def integrate(self, asked: TeacherSolve) -> Tensor:
        """x at s, (B, *), in the steps that are said."""
        field = CountedField(self.path, lambda x, t, _s, c: self.teacher(x, t, c), False)
        a = asked
        return self.teacher_solver.solve(field, a.x, a.t, a.s, a.steps, a.cond)

    @contextmanager
    def recording(self) -> Iterator[list[TeacherSolve]]:
        """The list of what a loss asks of the teacher's ODE; no evaluation is counted."""
        self._solves = []
        try:
            with self.uncounted():
                yield self._solves
        finally:
            self._solves = None

    @contextmanager
    def uncounted(self) -> Iterator[None]:
        """What is evaluated inside is a trial: the counts afterwards are those before."""
        before = attrs.evolve(self.counts)
        try:
            yield
        finally:
            for field in attrs.fields(Counts):
                setattr(self.counts, field.name, getattr(before, field.name))

    def fork_rng(self, name: str) -> torch.Generator:
        return self._streams.at(f"loss/{name}", self.step)
