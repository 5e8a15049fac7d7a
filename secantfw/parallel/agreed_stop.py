"""Signals of any process, heeded by all of them at the same step.

What a process was sent travels with the gradient, so that no step costs a message of its own.
"""

from __future__ import annotations

import signal

import torch
from torch import Tensor

from secantfw.runtime.devices import pins
from secantfw.runtime.signals import Stop

#: In this order in the numbers that travel; a mean above 0 says that some process was sent it.
_STOPS = (signal.SIGINT, signal.SIGTERM)
COUNT = len(_STOPS) + 1  # and whether a checkpoint was asked for


class AgreedStop(Stop):
    """Signals that every process knows of. On an accelerator they are read a step late, so that
    no step waits for it."""

    def __init__(self, own: Stop, device: torch.device) -> None:
        self.requested: signal.Signals | None = None
        self.save_requested = False
        self._own, self._device = own, device
        self._none = torch.zeros(COUNT, device=device)
        self._on_its_way: tuple[Tensor, torch.Event] | None = None

    def sent(self) -> Tensor:
        """What this process was sent, (COUNT,) on the device."""
        if self._own.requested is None and not self._own.save_requested:
            return self._none
        flags = [float(self._own.requested is number) for number in _STOPS]
        flags.append(float(self._own.save_requested))
        self._own.save_requested = False
        return torch.tensor(flags, device=self._device)

    def take(self, flags: Tensor) -> None:
        """Take the mean over the processes of what they sent."""
        if self._device.type == "cpu":
            self._heed(flags)
            return
        if self._on_its_way is not None:
            arrived, event = self._on_its_way
            event.synchronize()
            self._heed(arrived)
        host = torch.empty(COUNT, pin_memory=pins()).copy_(flags, non_blocking=True)
        event = torch.Event(self._device)
        event.record()
        self._on_its_way = host, event

    def _heed(self, flags: Tensor) -> None:
        *stops, save = flags.tolist()
        self.save_requested = self.save_requested or save > 0
        for number, sent in zip(_STOPS, stops, strict=True):
            if sent > 0:
                self.requested = self._own.requested = number
