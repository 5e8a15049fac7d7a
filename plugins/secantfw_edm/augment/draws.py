"""Where the pipe's random numbers come from."""

from __future__ import annotations

from typing import Protocol

import attrs
import torch
from torch import Tensor


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
    """From a generator, on its device."""

    rng: torch.Generator

    def coin(self, *shape: int) -> Tensor:
        return torch.randint(2, shape, generator=self.rng, device=self.rng.device)

    def uniform(self, *shape: int) -> Tensor:
        return torch.rand(shape, generator=self.rng, device=self.rng.device)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self.rng, device=self.rng.device)


def with_probability(p: float, value: Tensor, draws: Draws, *shape: int) -> Tensor:
    """The value with probability p, else 0, row by row."""
    return torch.where(draws.uniform(*shape) < p, value, torch.zeros_like(value))
