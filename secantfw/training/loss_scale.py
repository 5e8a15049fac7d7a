"""The scale of a loss whose gradient is computed in float16, by torch.amp.GradScaler's rule."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

FIRST = 2.0**16
LARGEST = 2.0**24
#: Steps without an overflow after which the scale is doubled.
PATIENCE = 2000


class LossScale:
    """S: a loss is multiplied by it lest small gradients vanish, and its gradient divided again.

        S <- S / 2  where a gradient overflowed;  S <- 2 S  after PATIENCE steps without

    A power of two, so that it changes no bit of a gradient that neither vanishes nor overflows. At
    S = 1 there is nothing to give way: then a gradient that is not finite is what it seems.
    Nothing waits for the device.
    """

    def __init__(self, device: torch.device) -> None:
        self.value = torch.full((), FIRST, device=device)
        self._calm = torch.zeros((), device=device)  # steps since S last changed

    def overflowed(self, loss: Tensor, norm: Tensor) -> Tensor:
        """Whether only the scale makes `norm`, of the gradient of a finite loss, not finite."""
        return torch.isfinite(loss) & ~torch.isfinite(norm) & (self.value > 1.0)

    def update(self, overflow: Tensor) -> None:
        """After a step; `overflow` as above."""
        self._calm = torch.where(overflow, 0.0, self._calm + 1.0)
        grows = self._calm >= PATIENCE
        factor = torch.where(overflow, 0.5, 1.0 + grows)
        self.value.mul_(factor).clamp_(max=LARGEST)
        self._calm = torch.where(grows, 0.0, self._calm)

    def state(self) -> tuple[float, float]:
        return self.value.item(), self._calm.item()

    def load_state(self, state: Sequence[float]) -> None:
        self.value.fill_(state[0])
        self._calm.fill_(state[1])
