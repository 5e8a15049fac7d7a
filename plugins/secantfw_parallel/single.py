"""The engine of one process: the loss and its backward as they are."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from secantfw import (
    Backbone,
    Batch,
    Computed,
    Engine,
    EngineSite,
    ExperimentError,
    LossTerms,
    Problem,
    RunContext,
    SecantLoss,
    Stop,
    Times,
)
from secantfw_parallel.options import NoOptions


class SingleEngine(Engine):
    """One device; with pieces of less than the batch, gradients add up over them."""

    def __init__(self, options: NoOptions, site: EngineSite) -> None:
        """
        Raises:
            ExperimentError: there are other processes.
        """
        if site.group.size > 1:
            what = f"'single', and there are {site.group.size} processes; expected 'ddp' or 'fsdp'"
            raise ExperimentError([Problem(what, key="engine.use")])
        self.group = site.group
        self.pieces = None if site.pieces.whole else site.pieces

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx = ctx
        self._call = partial(loss, ctx)

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
