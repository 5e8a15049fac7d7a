"""The engine of torch's DistributedDataParallel: every process holds all, gradients are averaged.

Beside the gradient of the parameters travels that of a few zeros, `riders`: of the objective
L + sum_k riders_k sg(c_k) it is c, so that the mean loss and the signals c of all processes arrive
in the one all-reduce that the gradient takes.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import attrs
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.agreed_stop import COUNT
from secantfw.parallel.context import RunContext
from secantfw.parallel.engine import Computed, Engine, EngineSite, WholeLoss

#: Gradients below this size take one all-reduce; larger ones overlap with the backward.
BUCKET_MIB = 64
_RIDERS = "riders"
#: Newer torch renames it; buffers are constants here.
_KNOWN = inspect.signature(DistributedDataParallel.__init__).parameters
_SYNC_BUFFERS = "forward_sync_buffers" if "forward_sync_buffers" in _KNOWN else "broadcast_buffers"


class _CarryingLoss(WholeLoss):
    """The riders come out of the forward as the loss does, so that DDP sees them used."""

    def __init__(
        self, student: Backbone, loss: SecantLoss, ctx: RunContext, device: torch.device
    ) -> None:
        super().__init__(student, loss, ctx)
        self.riders = nn.Parameter(torch.zeros(1 + COUNT, device=device))

    def forward(self, batch: Batch, times: Times) -> tuple[Tensor, Mapping[str, Tensor]]:
        per_sample, scalars = super().forward(batch, times)
        return per_sample, {**scalars, _RIDERS: self.riders.clone()}


def _leaves_some_idle(whole: WholeLoss, batch: Batch, times: Times) -> bool:
    """Whether the loss has no gradient for some parameter; nothing is left of the trial."""
    ctx = whole.ctx
    counts = attrs.evolve(ctx.counts)
    trained = [p for p in whole.student.parameters() if p.requires_grad]
    with torch.random.fork_rng():
        loss = whole(batch, times)[0].sum()
        gradients = torch.autograd.grad(loss, trained, allow_unused=True)
    for name, value in attrs.asdict(counts).items():
        setattr(ctx.counts, name, value)
    return any(gradient is None for gradient in gradients)


class DdpEngine(Engine):
    """The whole loss is the wrapped module's forward: also a loss that differentiates the network
    forwards, or evaluates it often, is one forward and one backward to DDP's hooks."""

    def __init__(self, site: EngineSite) -> None:
        self.group, self.pieces = site.group, site.pieces

    def said(self) -> str:
        return f"{self.group.size} by DDP, {self.pieces}"

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx = ctx
        self._loss = _CarryingLoss(student, loss, ctx, next(student.parameters()).device)
        self._ddp: DistributedDataParallel | None = None

    def compute(self, batch: Batch, times: Times) -> Computed:
        ddp = self._wrapped(batch, times)
        done = self.accumulate(self._pass, self._ctx, batch, times, ddp.no_sync)
        carried = torch.cat((done.objective.detach().reshape(1), self._stop.sent()))
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
            idle = any(self.group.gather(_leaves_some_idle(self._loss, *trial)))
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
        self._stop.take(arrived[1:])
        return arrived[0]
