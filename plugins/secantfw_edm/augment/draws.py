"""Where the pipe's random numbers come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import attrs
import torch
from torch import Tensor

from secantfw import RowDraws


class Draws(Protocol):
    """Random numbers of a shape. Flips want (N, 1, 1, 1), the rest (N,) or a row of them."""

    def coin(self, *shape: int) -> Tensor:
        """0 or 1, int64."""

    def uniform(self, *shape: int) -> Tensor:
        """In [0, 1)."""

    def normal(self, *shape: int) -> Tensor:
        """Standard normal."""


@attrs.frozen(eq=False)
class GeneratorDraws(Draws):
    """From the trainer's generator, on its device: those of the rows at hand."""

    draws: RowDraws

    def coin(self, *shape: int) -> Tensor:
        rng = self.draws.rng
        return self._kept(shape, lambda s: torch.randint(2, s, generator=rng, device=rng.device))

    def uniform(self, *shape: int) -> Tensor:
        rng = self.draws.rng
        return self._kept(shape, lambda s: torch.rand(s, generator=rng, device=rng.device))

    def normal(self, *shape: int) -> Tensor:
        rng = self.draws.rng
        return self._kept(shape, lambda s: torch.randn(s, generator=rng, device=rng.device))

    def _kept(self, shape: tuple[int, ...], draw: Callable[[tuple[int, ...]], Tensor]) -> Tensor:
        """Numbers of `shape`, whose rows are its first axis, of two axes the second."""
        axis = 1 if len(shape) == 2 else 0

        def rows_first(n: int) -> Tensor:
            return draw((*shape[:axis], n, *shape[axis + 1 :])).movedim(axis, 0)

        return self.draws.rows(rows_first).movedim(0, axis)


def with_probability(p: float, value: Tensor, draws: Draws, *shape: int) -> Tensor:
    """The value with probability p, else 0, row by row."""
    return torch.where(draws.uniform(*shape) < p, value, torch.zeros_like(value))
