"""Solver: from x at time t to x at time s in N steps."""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from secantfw.interfaces.path import Path
from secantfw.interfaces.records import Cond
from secantfw.interfaces.secant_parts import SecantParts


class Field(Protocol):
    """What a solver integrates. Calls are counted; a teacher has tangents only.

    `secant_parts` and `cast_once` are for solvers that compile, record or fuse; a field has to
    implement the other two methods only.
    """

    path: Path
    #: True NFE so far: rows through the network per sample, two for guidance by two calls.
    nfe: int = 0
    #: NFE of one call of `secant_parts`.
    parts_nfe: int = 1

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """v(x, t), (B, *)."""

    def secant(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        """f(x, t, s), (B, *); raises UserError for a field without secants."""

    def secant_parts(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> SecantParts:
        """f(x, t, s) before its guidance is combined: a function of tensors that counts nothing,
        so that it can be compiled or recorded. Who calls it adds `parts_nfe` to `nfe`.
        """
        return SecantParts(self.secant(x, t, s, cond))

    def cast_once(self, dtype: torch.dtype) -> Field:
        """The same field for calls under autocast to `dtype`: where it can, with its weights, as
        they are now, cast beforehand. The numbers are those of autocast.
        """
        return self


class Solver(abc.ABC):
    """A numerical method for dx/dt = v, or for stepping along secants. Built as
    `Component(options)`.
    """

    #: "secant" if it calls `field.secant`, so that it cannot solve a teacher.
    requires: ClassVar[frozenset[str]] = frozenset()
    #: Order of convergence as the number of steps grows; None where it has none to claim. May
    #: depend on the options; the class then says that of the defaults.
    order: int | None = None
    #: Whether it chooses its steps itself: `steps` is then the least it takes, `evaluations` the
    #: least it needs, and its place in a table of equal NFE is that of the mean measured.
    adaptive: ClassVar[bool] = False
    #: Whether it draws noise, and so needs `rng`. May depend on the options.
    stochastic: bool = False
    #: Options worth trying where the best solver is searched (`secantfw baselines`), each with its
    #: values; every combination is. Of `GridOptions` the grids are tried anyway.
    tuning: ClassVar[Mapping[str, Sequence[Any]]] = {}

    @abc.abstractmethod
    def solve(
        self,
        field: Field,
        x: Tensor,
        t: Tensor,
        s: Tensor,
        steps: int,
        cond: Cond,
        rng: torch.Generator | None = None,
    ) -> Tensor:
        """x at time s, (B, *), from x (B, *) at time t; `t`, `s` (B,).

        Sampling goes from t = 1 down to s = 0, inversion from 0 up to 1. `rng` is used by
        stochastic solvers only.
        """

    @abc.abstractmethod
    def evaluations(self, steps: int) -> int:
        """Calls of the field that `solve` makes in `steps` steps; one may be two rows (NFE)."""

    def steps_within(self, evaluations: int) -> int:
        """The most steps that take at most `evaluations` calls; 0 if not even one fits."""
        steps = 0
        while self.evaluations(steps + 1) <= evaluations:
            steps += 1
        return steps
