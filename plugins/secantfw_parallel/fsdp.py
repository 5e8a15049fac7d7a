"""The engine of torch's fully_shard (FSDP2): each process keeps its share of every tensor.

Student and average are shared out along their first axis, and so are gradients and AdamW's
moments. By blocks, each block of a network is gathered when it is evaluated, so that no process
ever holds all of one in a step. Else weights are gathered once before the loss and gradients
scattered once after it, and a loss may differentiate or evaluate the network as it likes between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh, init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

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
    WeightsHeader,
    blocks_of,
)
from secantfw_parallel.options import FsdpOptions
from secantfw_parallel.shares import as_part, load_shares, save_shares

T = TypeVar("T")


class _Root(nn.Module):
    """Above a network and its blocks: its forward is whatever calls the network."""

    def __init__(self, network: Backbone) -> None:
        super().__init__()
        self.network = network

    def forward(self, call: Callable[[], T]) -> T:
        return call()


class _Sharded:
    """A network shared out: its root, which is gathered by hand, and its blocks."""

    def __init__(self, network: Backbone, mesh: DeviceMesh, by_block: bool) -> None:
        found = blocks_of(network) if by_block else ()
        self.blocks: list[FSDPModule] = [fully_shard(block, mesh=mesh) for block in found]
        module = _Root(network)
        self.root: FSDPModule = fully_shard(module, mesh=mesh, reshard_after_forward=False)
        self.call = module
        self.call(lambda: None)  # the first to be called is the root of all below it
        self.root.reshard()

    def gather(self, on: bool) -> None:
        """All that is not already, to stay until this is called with False."""
        for block in self.blocks:
            block.set_reshard_after_forward(not on)
        for module in (self.root, *self.blocks):
            if on:
                module.unshard()
            else:
                module.reshard()


class FsdpEngine(Engine):
    """The update works on plain tensors: the shares that are here, which the sharded parameters
    are views of."""

    works_alone = False
    compiles = False  # weights are swapped under a graph

    def __init__(self, options: FsdpOptions, site: EngineSite) -> None:
        self.group, self.pieces = site.group, site.pieces
        self._by_block = options.shard == "blocks"

    def said(self) -> str:
        way = " block by block" if self._by_block else ""
        return f"{self.group.size} by FSDP{way}, {self.pieces}"

    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        self._ctx, self._loss = ctx, loss
        device = next(student.parameters()).device
        self._by_block = self._goes_by_block(loss)
        mesh = init_device_mesh(device.type, (self.group.size,))
        self._student = _Sharded(student, mesh, self._by_block)
        self._average = _Sharded(ema, mesh, self._by_block)
        self._asks_ema = "ema" in loss.requirements()
        self._shares: dict[int, nn.Parameter] = {}
        self._trained = [p for p in student.parameters() if p.requires_grad]
        self._none = torch.zeros((), device=device)

    def _goes_by_block(self, loss: SecantLoss) -> bool:
        """A forward-mode derivative does not cross a block's hooks."""
        return self._by_block and "jvp" not in loss.requirements()

    def local(self, parameter: nn.Parameter) -> nn.Parameter:
        share = self._shares.get(id(parameter))
        if share is None:
            assert isinstance(parameter, DTensor)
            with torch.no_grad():
                held = parameter.to_local()
            share = nn.Parameter(held.detach(), requires_grad=parameter.requires_grad)
            self._shares[id(parameter)] = share
        return share

    def part(self, parameter: nn.Parameter, held: Tensor) -> Tensor:
        assert isinstance(parameter, DTensor)
        return held if held.ndim == 0 else as_part(parameter, held)

    def save(self, place: Path, tensors: dict[str, Tensor], header: WeightsHeader) -> None:
        save_shares(place, tensors)

    def load(self, place: Path, tensors: dict[str, Tensor]) -> None:
        load_shares(place, tensors)

    def trained(self, network: Backbone) -> Backbone | None:
        return None

    def spared_bytes(self, student: Backbone, loss: SecantLoss) -> float:
        """Of student, average, two moments and the gradient a process keeps a share, and while it
        computes, what of the student is gathered."""
        trained = sum(p.nbytes for p in student.parameters() if p.requires_grad)
        gathered = _gathered_bytes(student, self._goes_by_block(loss))
        return 4 * trained - 5 * trained / self.group.size - gathered

    @contextmanager
    def whole(self) -> Iterator[None]:
        networks = (self._student, self._average)
        self._synchronise(False)
        for network in networks:
            network.gather(True)
        try:
            yield
        finally:
            self._synchronise(True)
            for network in networks:
                network.gather(False)

    def compute(self, batch: Batch, times: Times) -> Computed:
        # Blocks scatter the gradient of each piece: kept whole, it would be as large as a network.
        wait = nullcontext if self._by_block else self._alone
        return self.accumulate(self._pass, self._ctx, batch, times, wait)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Gradients of a piece that is not the last stay here, and so do the weights."""
        self._synchronise(False)
        try:
            yield
        finally:
            self._synchronise(True)

    def _synchronise(self, on: bool) -> None:
        root = self._student.root
        root.set_requires_gradient_sync(on)
        root.set_reshard_after_backward(on)
        root.set_is_last_backward(on)

    def _pass(self, batch: Batch, times: Times) -> LossTerms:
        if self._asks_ema:
            self._average.root.unshard()
        per_sample, scalars = self._student.call(partial(self._terms, batch, times))
        if self._asks_ema:
            self._average.root.reshard()
        return LossTerms(per_sample, scalars)

    def _terms(self, batch: Batch, times: Times) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Tensors alone: hooks do not look into records."""
        terms = self._loss(self._ctx, batch, times)
        return terms.per_sample, dict(terms.scalars)

    def backward(self, objective: Tensor) -> Tensor:
        """One all-reduce beside the gradient's: the norm's square, the loss and signals."""
        self.scaled(objective).backward()  # type: ignore[no-untyped-call]
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
        arrived = torch.cat((torch.stack((total, loss)), self.stop.sent()))
        dist.all_reduce(arrived)
        self.stop.take(arrived[2:])
        self._norm = arrived[0].sqrt()
        return arrived[1]

    def total_norm(self, gradients: list[Tensor]) -> Tensor:
        return self._norm


def _gathered_bytes(student: Backbone, by_block: bool) -> int:
    """All of it; or by blocks what is in none, the block at hand, and the one fetched ahead."""
    numbers = _bytes(student)
    if not by_block:
        return numbers
    blocks = [_bytes(block) for block in blocks_of(student)]
    return numbers - sum(blocks) + 2 * max(blocks, default=0)


def _bytes(module: nn.Module) -> int:
    return sum(p.nbytes for p in module.parameters() if p.requires_grad)
