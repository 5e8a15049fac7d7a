"""Augmentation: training items that are changed at random, and numbers that say how."""

from __future__ import annotations

import abc
from collections.abc import Callable

import attrs
import torch
from torch import Tensor


@attrs.frozen(eq=False)
class RowDraws:
    """Random numbers for the rows at hand of a batch of `total` rows, all from `rng`.

    A process that has some of the rows draws for all and keeps its `own`, so that an item is
    changed alike however many processes there are.
    """

    rng: torch.Generator
    total: int
    own: slice = slice(None)

    def rows(self, draw: Callable[[int], Tensor]) -> Tensor:
        """The own rows of draw(total), (total, ...) on the generator's device."""
        return draw(self.total)[self.own]


@attrs.frozen(eq=False)
class Augmented:
    """`x_0` (B, *) changed items; `told` (B, A) what was done to each, a row of zeros: nothing."""

    x_0: Tensor
    told: Tensor


class Augmentation(abc.ABC):
    """Changes the items of every training batch. Built as `Component(options)`.

    What it says of a row is the `augment` of its conditions, for student and teacher alike, so
    that a network which can be told does not learn the changed items as they are: in sampling it
    is told nothing, which means the same as zeros.
    """

    @abc.abstractmethod
    def __call__(self, x_0: Tensor, draws: RowDraws) -> Augmented:
        """The items x_0 (B, *) changed, each by numbers of its own.

        Raises:
            UserError: items of a shape that it cannot change.
        """
