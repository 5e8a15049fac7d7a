"""A third party's engine in one file: gradients averaged one by one, with nothing to help."""

from __future__ import annotations

import secantfw
from secantfw import Engine


class ByHand(Engine):
    def __init__(self, site):
        self.group, self.pieces = site.group, site.pieces

    def prepare(self, student, ema, loss, ctx):
        self._loss, self._ctx = loss, ctx
        self._trained = [p for p in student.parameters() if p.requires_grad]

    def compute(self, batch, times):
        return self.accumulate(self._terms, self._ctx, batch, times)

    def _terms(self, batch, times):
        return self._loss(self._ctx, batch, times)

    def backward(self, objective):
        self.scaled(objective).backward()
        for parameter in self._trained:
            if parameter.grad is not None:
                self.group.mean(parameter.grad)
        return self.exchange(objective)


@secantfw.hookimpl
def secantfw_components(register):
    register.engine("by_hand", "by_hand:ByHand", summary="gradients averaged one by one")
