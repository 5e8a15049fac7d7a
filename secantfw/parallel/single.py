"""The engine of one process: the loss and its backward as they are."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.context import RunContext
from secantfw.parallel.engine import Computed, Engine, EngineSite, Pass
from secantfw.runtime.signals import Stop


class SingleEngine(Engine):
    """One device; with pieces of less than the batch, gradients add up over them."""

    def __init__(self, site: EngineSite | None = None) -> None:
        if site is not None and not site.pieces.whole:
            self.pieces = site.pieces

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx = ctx
        self._call: Pass = partial(loss, ctx)

    def compute(self, batch: Batch, times: Times) -> Computed:
        if self.pieces is None:
            terms: LossTerms = self._call(batch, times)
            return Computed(terms.per_sample.mean(), terms)
        return self.accumulate(self._call, self._ctx, batch, times)

    def backward(self, objective: Tensor) -> Tensor:
        self.scaled(objective).backward()  # type: ignore[no-untyped-call]
        return objective

    def agreed(self, stop: Stop, device: torch.device) -> Stop:
        return stop
