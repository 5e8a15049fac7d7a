"""Accelerate as a third party's engine: what it brings is its wrapping, its backward, no_sync."""

from __future__ import annotations

import accelerate

import secantfw
from secantfw import Engine, LossTerms, WholeLoss


class ByAccelerate(Engine):
    def __init__(self, site):
        self.group, self.pieces = site.group, site.pieces

    def prepare(self, student, ema, loss, ctx):
        on_cpu = next(student.parameters()).device.type == "cpu"
        self._accelerator, self._ctx = accelerate.Accelerator(cpu=on_cpu), ctx
        self._wrapped = self._accelerator.prepare(WholeLoss(student, loss, ctx))

    def compute(self, batch, times):
        return self.accumulate(self._terms, self._ctx, batch, times, self._alone)

    def _alone(self):
        return self._accelerator.no_sync(self._wrapped)

    def _terms(self, batch, times):
        per_sample, scalars = self._wrapped(batch, times)
        return LossTerms(per_sample, scalars)

    def backward(self, objective):
        self._accelerator.backward(self.scaled(objective))
        return self.exchange(objective)


@secantfw.hookimpl
def secantfw_components(register):
    register.engine("by_accelerate", "by_accelerate:ByAccelerate", summary="by Accelerate")
