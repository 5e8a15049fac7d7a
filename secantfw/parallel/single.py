"""The engine of one process: the loss and its backward as they are."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.engine import Computed, Engine, Pass, Pieces, accumulate
from secantfw.training.context import RunContext
from secantfw.training.signals import Stop


class SingleEngine(Engine):
    """One device; with `pieces` of less than the batch, gradients add up over them."""

    def __init__(self, pieces: Pieces | None = None) -> None:
        self.pieces = None if pieces is None or pieces.whole else pieces

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx = ctx
        self._call: Pass = partial(loss, ctx)

    def compute(self, batch: Batch, times: Times) -> Computed:
        if self.pieces is None:
            terms: LossTerms = self._call(batch, times)
            return Computed(terms.per_sample.mean(), terms)
        weight = 1.0 / self.pieces.total
        return accumulate(self._call, self._ctx, self.pieces, weight, batch, times)

    def backward(self, objective: Tensor) -> Tensor:
        objective.backward()  # type: ignore[no-untyped-call]
        return objective

    def total_norm(self, gradients: list[Tensor]) -> Tensor:
        return torch.nn.utils.get_total_norm(gradients, foreach=True)

    def agreed(self, stop: Stop) -> Stop:
        return stop
