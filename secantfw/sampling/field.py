"""What solvers integrate: a student or a teacher, with guidance, its evaluations counted."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.experiment.schema import Guidance
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.secant_parts import SecantParts
from secantfw.interfaces.solver import Field
from secantfw.interfaces.teacher import Teacher
from secantfw.sampling.cast_weights import with_cast_weights
from secantfw.sampling.guidance import guided_parts, scale_at

Network = Callable[[Tensor, Tensor, Tensor, Cond], Tensor]
Parts = Callable[[Tensor, Tensor, Tensor, Cond], SecantParts]


class CountedField(Field):
    """A field whose calls are counted: `evaluations`, network calls per sample."""

    def __init__(
        self,
        path: Path,
        network: Network,
        has_secants: bool,
        parts: Parts | None = None,
        cast: Callable[[torch.dtype], CountedField] | None = None,
    ) -> None:
        """`parts` is `network` before its guidance is combined; `cast` makes `cast_once`."""
        self.path = path
        self.evaluations = 0
        self._network, self._has_secants = network, has_secants
        self._parts, self._cast = parts, cast

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        self.evaluations += 1
        return self._network(x, t, t, cond)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        self._check_secants()
        self.evaluations += 1
        return self._network(x, t, s, cond)

    def secant_parts(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> SecantParts:
        self._check_secants()
        if self._parts is None:
            return SecantParts(self._network(x, t, s, cond))
        return self._parts(x, t, s, cond)

    def cast_once(self, dtype: torch.dtype) -> CountedField:
        return self if self._cast is None else self._cast(dtype)

    def _check_secants(self) -> None:
        if not self._has_secants:
            raise UserError("a teacher has tangents only; this solver steps along secants")


def student_field(student: Backbone, path: Path, guidance: Guidance, null: int) -> CountedField:
    """The student under the sampling guidance of `[guidance]`.

    A student trained with a guidance range is told the scale; another is guided by two calls.
    """

    def cast(dtype: torch.dtype) -> CountedField:
        return student_field(with_cast_weights(student, dtype), path, guidance, null)

    if guidance.range is not None:

        def told(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
            scale = scale_at(t, guidance.scale, guidance.interval)
            return student(x, t, s, Cond(cond.label, scale, cond.augment))  # type: ignore[no-any-return]

        return CountedField(path, told, has_secants=True, cast=cast)
    parts = _parts(student, guidance, null)
    return CountedField(path, _combined(student, parts, guidance), True, parts, cast)


def teacher_field(teacher: Teacher, guidance: Guidance, null: int) -> CountedField:
    """The teacher's tangents under the sampling guidance of `[guidance]`."""

    def velocity(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return teacher.velocity(x, t, cond)

    network = _combined(velocity, _parts(velocity, guidance, null), guidance)
    return CountedField(teacher.path, network, has_secants=False)


def _combined(network: Network, parts: Parts, guidance: Guidance) -> Network:
    if guidance.scale == 1.0:
        return network
    return lambda x, t, s, cond: parts(x, t, s, cond).combined()


def _parts(network: Network, guidance: Guidance, null: int) -> Parts:
    def parts(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> SecantParts:
        if guidance.scale == 1.0 or cond.label is None:
            return SecantParts(network(x, t, s, cond))
        scale = scale_at(t, guidance.scale, guidance.interval)
        told = Cond(cond.label, scale, cond.augment)
        return guided_parts(network, x, t, s, told, null, guidance.channels)

    return parts
