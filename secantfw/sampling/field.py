"""What solvers integrate: a student or a teacher, with guidance, its evaluations counted."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from secantfw.errors import UserError
from secantfw.experiment.schema import Guidance
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.solver import Field
from secantfw.interfaces.teacher import Teacher
from secantfw.sampling.guidance import guided, scale_at

Network = Callable[[Tensor, Tensor, Tensor, Cond], Tensor]


class CountedField(Field):
    """A field whose calls are counted: `evaluations`, network calls per sample."""

    def __init__(self, path: Path, network: Network, has_secants: bool) -> None:
        self.path = path
        self.evaluations = 0
        self._network = network
        self._has_secants = has_secants

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self.evaluations += 1
        return self._network(x, t, t, cond)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        if not self._has_secants:
            raise UserError("a teacher has tangents only; this solver steps along secants")
        self.evaluations += 1
        return self._network(x, t, s, cond)


def student_field(student: Backbone, path: Path, guidance: Guidance, null: int) -> CountedField:
    """The student under the sampling guidance of `[guidance]`.

    A student trained with a guidance range is told the scale; another is guided by two calls.
    """
    if guidance.range is not None:

        def told(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
            scale = scale_at(t, guidance.scale, guidance.interval)
            return student(x, t, s, Cond(cond.label, scale))  # type: ignore[no-any-return]

        return CountedField(path, told, has_secants=True)
    return CountedField(path, _with_guidance(student, guidance, null), has_secants=True)


def teacher_field(teacher: Teacher, guidance: Guidance, null: int) -> CountedField:
    """The teacher's tangents under the sampling guidance of `[guidance]`."""

    def velocity(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return teacher.velocity(x, t, cond)

    return CountedField(teacher.path, _with_guidance(velocity, guidance, null), has_secants=False)


def _with_guidance(network: Network, guidance: Guidance, null: int) -> Network:
    if guidance.scale == 1.0:
        return network

    def combined(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        if cond.label is None:
            return network(x, t, s, cond)
        scale = scale_at(t, guidance.scale, guidance.interval)
        return guided(network, x, t, s, cond.label, scale, null, guidance.channels)

    return combined
