"""The noise that a stochastic sampler adds before a step, and takes away in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import attrs
import torch
from torch import Tensor


class ChurnOptions(Protocol):
    """What samplers with churn have in common."""

    @property
    def churn(self) -> float: ...
    @property
    def churn_min(self) -> float: ...
    @property
    def churn_max(self) -> float | None: ...
    @property
    def churn_noise(self) -> float: ...


@attrs.frozen
class Churn:
    """Levels rise by a factor 1 + gamma where they lie in [low, high]."""

    gamma: float
    low: float
    high: float
    noise: float

    @classmethod
    def of(cls, options: ChurnOptions, steps: int) -> Churn:
        high = math.inf if options.churn_max is None else options.churn_max
        gamma = min(options.churn / steps, math.sqrt(2) - 1)
        return cls(gamma, options.churn_min, high, options.churn_noise)

    @property
    def active(self) -> bool:
        return self.gamma > 0

    def raised(self, level: Tensor, following: Tensor) -> Tensor:
        """The level with its noise, (B,), in rows that go down."""
        inside = (level >= self.low) & (level <= self.high) & (following < level)
        return torch.where(inside, level + self.gamma * level, level)

    def amplitude(self, level: Tensor, raised: Tensor) -> Tensor:
        """What standard normal noise is multiplied by, (B,)."""
        return (raised**2 - level**2).clamp(min=0).sqrt() * self.noise


def noise_source(x: Tensor, rng: torch.Generator | None) -> Callable[[], Tensor]:
    """Standard normal noise of x's shape, float64, one draw a call; without a generator from
    torch's default one."""
    return lambda: torch.randn(x.shape, generator=rng, dtype=torch.float64, device=x.device)
