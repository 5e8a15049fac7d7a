"""The engine of torch's DistributedDataParallel: every process holds all, gradients are averaged.

Beside the gradient of the parameters travels that of a few zeros, `riders`: of the objective
L + sum_k riders_k sg(c_k) it is c, so that the mean loss and the signals c of all processes arrive
in the one all-reduce that the gradient takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from secantfw import (
    Backbone,
    Batch,
    Computed,
    Engine,
    EngineSite,
    LossTerms,
    RunContext,
    SecantLoss,
    Times,
    WholeLoss,
)
from secantfw_parallel.options import NoOptions

#: Gradients below this size take one all-reduce; larger ones overlap with the backward.
BUCKET_MIB = 64
_RIDERS = "riders"
#: Newer torch renames it; buffers are constants here.
_KNOWN = inspect.signature(DistributedDataParallel.__init__).parameters
_SYNC_BUFFERS = "forward_sync_buffers" if "forward_sync_buffers" in _KNOWN else "broadcast_buffers"


class _CarryingLoss(WholeLoss):
    """The riders come out of the forward as the loss does, so that DDP sees them used."""

    def __init__(self, whole: WholeLoss, signals: Tensor) -> None:
        super().__init__(whole.student, whole.loss, whole.ctx)
        self.riders = nn.Parameter(signals.new_zeros(1 + signals.numel()))

    def forward(self, batch: Batch, times: Times) -> tuple[Tensor, Mapping[str, Tensor]]:
        per_sample, scalars = super().forward(batch, times)
        return per_sample, {**scalars, _RIDERS: self.riders.clone()}


def _leaves_some_idle(whole: WholeLoss, batch: Batch, times: Times) -> bool:
    """Whether the loss has no gradient for some parameter; nothing is left of the trial."""
    trained = [p for p in whole.student.parameters() if p.requires_grad]
    with torch.random.fork_rng(), whole.ctx.uncounted():
        loss = whole(batch, times)[0].sum()
        gradients = torch.autograd.grad(loss, trained, allow_unused=True)
    return any(gradient is None for gradient in gradients)


class DdpEngine(Engine):
    """The whole loss is the wrapped module's forward: also a loss that differentiates the network
    forwards, or evaluates it often, is one forward and one backward to DDP's hooks."""

    works_alone = False

    def __init__(self, options: NoOptions, site: EngineSite) -> None:
        self.group, self.pieces = site.group, site.pieces

    def said(self) -> str:
        return f"{self.group.size} by DDP, {self.pieces}"

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx, self._plain = ctx, WholeLoss(student, loss, ctx)
        self._ddp: DistributedDataParallel | None = None

    def compute(self, batch: Batch, times: Times) -> Computed:
        ddp = self._wrapped(batch, times)
        done = self.accumulate(self._pass, self._ctx, batch, times, ddp.no_sync)
        carried = torch.cat((done.objective.detach().reshape(1), self.stop.sent()))
        if self.scale is not None:
            carried = carried / self.scale  # a power of 2: `scaled` gives it back to the bit
        return Computed(done.objective + torch.dot(self._given, carried), done.terms)

    def _wrapped(self, batch: Batch, times: Times) -> DistributedDataParallel:
        """Made at the first step, when a loss can be tried: DDP must be told where a parameter
        may be without gradient, and pays for it by a walk through each graph."""
        if self._ddp is None:
            assert self.pieces is not None
            piece = next(iter(self.pieces))
            trial = batch.rows(piece), times.rows(piece)
            idle = any(self.group.gather(_leaves_some_idle(self._plain, *trial)))
            self._loss = _CarryingLoss(self._plain, self.stop.sent())
            self._ddp = DistributedDataParallel(
                self._loss,
                bucket_cap_mb=BUCKET_MIB,
                gradient_as_bucket_view=True,
                find_unused_parameters=idle,
                **{_SYNC_BUFFERS: False},  # type: ignore[arg-type]
            )
        return self._ddp

    def _pass(self, batch: Batch, times: Times) -> LossTerms:
        assert self._ddp is not None
        per_sample, scalars = self._ddp(batch, times)
        self._given: Tensor = scalars.pop(_RIDERS)
        return LossTerms(per_sample, scalars)

    def backward(self, objective: Tensor) -> Tensor:
        self.scaled(objective).backward()  # type: ignore[no-untyped-call]
        riders = self._loss.riders
        assert riders.grad is not None
        arrived = riders.grad.clone()
        riders.grad = None
        self.stop.take(arrived[1:])
        return arrived[0]
