"""What solvers integrate: a student or a teacher under guidance, its evaluations counted."""

from __future__ import annotations

from collections.abc import Callable

import attrs
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
from secantfw.sampling.guidance import acts_at, guided_parts, scale_at

Network = Callable[[Tensor, Tensor, Tensor, Cond], Tensor]


@attrs.frozen(eq=False)
class TwoCalls:
    """Classifier-free guidance of a network that is not told its scale: two rows a sample."""

    network: Network
    guidance: Guidance
    null: int

    def acts(self, t: Tensor, cond: Cond) -> bool:
        """Whether any row is guided; one read from the device, under an interval alone."""
        return cond.label is not None and acts_at(t, self.guidance.interval)

    def parts(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> SecantParts:
        """Both outputs by one call on 2B rows, guided or not: a function of tensors."""
        if cond.label is None:
            return SecantParts(self.network(x, t, s, cond))
        scale = scale_at(t, self.guidance.scale, self.guidance.interval)
        told = Cond(cond.label, scale, cond.augment)
        return guided_parts(self.network, x, t, s, told, self.null, self.guidance.channels)


class CountedField(Field):
    """Counts true NFE: rows through the network per sample, two where guidance takes two calls."""

    def __init__(
        self,
        path: Path,
        network: Network,
        has_secants: bool,
        guidance: TwoCalls | None = None,
        cast: Callable[[torch.dtype], CountedField] | None = None,
    ) -> None:
        """`cast` makes `cast_once`."""
        self.path = path
        self.nfe = 0
        self.parts_nfe = 1 if guidance is None else 2
        self._network, self._has_secants = network, has_secants
        self._guidance, self._cast = guidance, cast

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self._evaluate(x, t, t, cond)

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        self._check_secants()
        return self._evaluate(x, t, s, cond)

    def secant_parts(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> SecantParts:
        self._check_secants()
        if self._guidance is None:
            return SecantParts(self._network(x, t, s, cond))
        return self._guidance.parts(x, t, s, cond)

    def cast_once(self, dtype: torch.dtype) -> CountedField:
        return self if self._cast is None else self._cast(dtype)

    def _evaluate(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        if self._guidance is None or not self._guidance.acts(t, cond):
            self.nfe += 1
            return self._network(x, t, s, cond)
        self.nfe += 2
        return self._guidance.parts(x, t, s, cond).combined()

    def _check_secants(self) -> None:
        if not self._has_secants:
            raise UserError("a teacher has tangents only; this solver steps along secants")


def student_field(
    student: Backbone,
    path: Path,
    guidance: Guidance,
    null: int,
    dtype: torch.dtype | None = None,
) -> CountedField:
    """The student under the sampling guidance of `[guidance]`.

    A student trained with a guidance range is told the scale; another is guided by two calls.
    `dtype` is that of autocast in its evaluations.
    """
    network = _under_autocast(student, dtype)

    def cast(weights: torch.dtype) -> CountedField:
        return student_field(with_cast_weights(student, weights), path, guidance, null, dtype)

    if guidance.range is not None:

        def told(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
            scale = scale_at(t, guidance.scale, guidance.interval)
            return network(x, t, s, Cond(cond.label, scale, cond.augment))

        return CountedField(path, told, has_secants=True, cast=cast)
    return CountedField(path, network, True, _two_calls(network, guidance, null), cast)


def teacher_field(
    teacher: Teacher, guidance: Guidance, null: int, dtype: torch.dtype | None = None
) -> CountedField:
    """The teacher's tangents under the sampling guidance of `[guidance]`; `dtype` of autocast."""

    def velocity(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return teacher.velocity(x, t, cond)

    network = _under_autocast(velocity, dtype)
    return CountedField(teacher.path, network, False, _two_calls(network, guidance, null))


def counting_field(path: Path, guidance: Guidance, null: int) -> CountedField:
    """A field of zeros that counts as the real one does: what a solver will cost, for nothing."""

    def zeros(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return torch.zeros_like(x)

    return CountedField(path, zeros, True, _two_calls(zeros, guidance, null))


def _under_autocast(network: Network, dtype: torch.dtype | None) -> Network:
    """The network's own arithmetic in `dtype`; what it gives, and all of the solver, in x's."""
    if dtype is None:
        return network

    def evaluate(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        with torch.autocast(x.device.type, dtype):
            return network(x, t, s, cond).to(x.dtype)

    return evaluate


def _two_calls(network: Network, guidance: Guidance, null: int) -> TwoCalls | None:
    return None if guidance.scale == 1.0 else TwoCalls(network, guidance, null)
