"""The engine of torch's fully_shard (FSDP2): each process keeps its share of every tensor.

Student and average are shared out along their first axis, and so are gradients and AdamW's
moments. The whole loss is the one sharded module: weights are gathered once before it, gradients
scattered once after it, and a loss may differentiate or evaluate the network as it likes between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.agreed_stop import AgreedStop
from secantfw.parallel.engine import Computed, Engine, Pieces, WholeLoss, accumulate
from secantfw.parallel.group import Group
from secantfw.training.context import RunContext
from secantfw.training.signals import Stop


class FsdpEngine(Engine):
    """The update works on plain tensors: the shares that are here, which the sharded parameters
    are views of."""

    sharded = True

    def __init__(self, group: Group, pieces: Pieces) -> None:
        self.group, self.pieces = group, pieces

    def said(self) -> str:
        return f"{self.group.size} by FSDP, {self.pieces}"

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx, self._device = ctx, next(student.parameters()).device
        mesh = init_device_mesh(self._device.type, (self.group.size,))
        self._whole = WholeLoss(student, loss, ctx)
        self._root = fully_shard(self._whole, mesh=mesh)  # the same object
        self._root.set_reshard_after_backward(True)
        self._ema = fully_shard(ema, mesh=mesh, reshard_after_forward=False)
        self._asks_ema = "ema" in loss.requirements()
        self._shares: dict[int, nn.Parameter] = {}
        self._trained = [p for p in student.parameters() if p.requires_grad]
        self._none = torch.zeros((), device=self._device)

    def local(self, parameter: nn.Parameter) -> nn.Parameter:
        share = self._shares.get(id(parameter))
        if share is None:
            assert isinstance(parameter, DTensor)
            with torch.no_grad():
                held = parameter.to_local()
            share = nn.Parameter(held.detach(), requires_grad=parameter.requires_grad)
            self._shares[id(parameter)] = share
        return share

    @contextmanager
    def whole(self) -> Iterator[None]:
        modules: tuple[FSDPModule, ...] = (self._root, self._ema)
        for module in modules:
            module.unshard()
        try:
            yield
        finally:
            for module in modules:
                module.reshard()

    def compute(self, batch: Batch, times: Times) -> Computed:
        weight = self.group.size / self.pieces.total
        self._synchronise(True)
        return accumulate(self._pass, self._ctx, self.pieces, weight, batch, times, self._alone)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Gradients of a piece that is not the last stay here, and so do the weights."""
        self._synchronise(False)
        try:
            yield
        finally:
            self._synchronise(True)

    def _synchronise(self, on: bool) -> None:
        self._root.set_requires_gradient_sync(on)
        self._root.set_reshard_after_backward(on)
        self._root.set_is_last_backward(on)

    def _pass(self, batch: Batch, times: Times) -> LossTerms:
        if self._asks_ema:
            self._ema.unshard()
        per_sample, scalars = self._whole(batch, times)
        if self._asks_ema:
            self._ema.reshard()
        return LossTerms(per_sample, scalars)

    def backward(self, objective: Tensor) -> Tensor:
        """One all-reduce beside the gradient's: the norm's square, the loss and signals."""
        objective.backward()  # type: ignore[no-untyped-call]
        squares = [self._none]
        for parameter in self._trained:
            gradient, share = parameter.grad, self.local(parameter)
            if gradient is not None:
                assert isinstance(gradient, DTensor)
                share.grad = gradient.to_local()
                parameter.grad = None
                squares.append(torch.linalg.vector_norm(share.grad).square())
        total = torch.stack(squares).sum()
        loss = objective.detach() / self.group.size
        arrived = torch.cat((torch.stack((total, loss)), self._stop.sent()))
        dist.all_reduce(arrived)
        self._stop.take(arrived[2:])
        self._norm = arrived[0].sqrt()
        return arrived[1]

    def total_norm(self, gradients: list[Tensor]) -> Tensor:
        return self._norm

    def agreed(self, stop: Stop) -> Stop:
        self._stop = AgreedStop(stop, self._device)
        return self._stop
