"""Engine: how the gradient of a global batch comes about, on one process or on several.

The loss of a batch of B rows is (1/B) sum_i loss_i whoever computes which rows: a process weighs
each of its rows by 1/B (times the number of processes where gradients are averaged), in pieces of
`micro_batch_size` rows whose gradients add up.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeAlias

import attrs
import torch
from torch import Tensor, nn

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times, WeightsHeader
from secantfw.parallel.agreed_stop import AgreedStop
from secantfw.parallel.context import RunContext
from secantfw.parallel.gradients import total_norm
from secantfw.parallel.group import ALONE, Group
from secantfw.parallel.pieces import Pieces
from secantfw.runtime.signals import Stop
from secantfw.weights.safetensors import save_weights
from secantfw.weights.stored import file_of, fill

Tensors: TypeAlias = dict[str, Tensor]
Pass: TypeAlias = Callable[[Batch, Times], LossTerms]


@attrs.frozen
class EngineSite:
    """What an engine is told of its surroundings when it is built."""

    group: Group  # the processes of the run, which have joined
    pieces: Pieces  # this one's rows of the global batch


@attrs.frozen(eq=False)
class Computed:
    """A loss whose `objective` completes the gradient in `Engine.backward`, and what to log.

    `objective` is the loss of this process's rows, weighed so that its mean over the processes is
    the loss of the global batch.
    """

    objective: Tensor
    terms: LossTerms


class Engine(abc.ABC):
    """Of a run's training. `prepare` once, then `compute` and `backward` each step.

    It is built as `Engine(site)` or `Engine(options, site)`, and sets `group` and `pieces` from
    its `EngineSite`. Every process draws the whole global batch's random numbers, so that there is
    none to agree on; weights are equal at the start, on every process.

    An engine may keep a share of every parameter on each process: `local` is what is updated here,
    `part` says of which tensor it is a part, `save` and `load` write and read parts, `whole` puts
    the weights together.
    """

    #: Whether it works in a process that nobody launched beside others.
    works_alone: bool = True
    #: Whether networks may be compiled under it: it leaves a graph the weights it was made with.
    compiles: bool = True

    group: Group = ALONE
    pieces: Pieces | None = None  # None: the global batch at once
    #: Under fp16, what gradients are to be multiplied with lest they vanish, 0-dim; the update
    #: sets it, and divides again.
    scale: Tensor | None = None

    @abc.abstractmethod
    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        """Take the networks, their weights loaded; nothing has been trained yet."""

    @abc.abstractmethod
    def compute(self, batch: Batch, times: Times) -> Computed:
        """The loss of this process's rows: `batch` and `times` hold no others."""

    @abc.abstractmethod
    def backward(self, objective: Tensor) -> Tensor:
        """Put the global batch's gradient, times `scale`, on what `local` gave; returns the loss,
        0-dim, or what is finite only if the loss is on every process, the same on all."""

    def scaled(self, objective: Tensor) -> Tensor:
        """What to call `backward` on in the place of `objective`."""
        return objective if self.scale is None else objective * self.scale

    def total_norm(self, gradients: list[Tensor]) -> Tensor:
        """The 2-norm of all gradients together, 0-dim, the same on all processes."""
        return total_norm(gradients)

    def agreed(self, stop: Stop, device: torch.device) -> Stop:
        """Signals as all processes heed them, at the same step; `stop` are this one's."""
        self.stop = AgreedStop(stop, device)
        return self.stop

    def exchange(self, objective: Tensor) -> Tensor:
        """The mean loss of all processes, by one small all-reduce that carries signals too."""
        arrived = self.group.mean(torch.cat((objective.detach().reshape(1), self.stop.sent())))
        self.stop.take(arrived[1:])
        return arrived[0]

    def local(self, parameter: nn.Parameter) -> nn.Parameter:
        """What of a parameter of `student` or `ema` this process keeps and updates."""
        return parameter

    def part(self, parameter: nn.Parameter, held: Tensor) -> Tensor:
        """`held`, of the shape of `local(parameter)`, as `save` and `load` are given it."""
        return held

    def weights(self, network: Backbone) -> Tensors:
        """The tensors of `student` or `ema` as `save` and `load` are given them."""
        return dict(network.state_dict())

    def save(self, place: Path, tensors: Tensors, header: WeightsHeader) -> None:
        """Write `tensors` as `PLACE.safetensors`, or as a folder `PLACE` of shards that
        torch.distributed.checkpoint reads; every process calls it.

        Raises:
            OSError: they cannot be written.
        """
        if self.group.is_main:
            save_weights(file_of(place), tensors, header)

    def load(self, place: Path, tensors: Tensors) -> None:
        """Fill `tensors` from what any engine wrote at `place`; names that are not there stay."""
        fill(tensors, place)

    def said(self) -> str:
        """What the plan says of it; "" where there is nothing to say."""
        return ""

    def whole(self) -> AbstractContextManager[object]:
        """Inside, this process has all weights, and may call the networks outside `compute`."""
        return nullcontext()

    def trained(self, network: Backbone) -> Backbone | None:
        """`network` after the last step, for a process to call as often as it likes and alone;
        None: it is whole in the checkpoint only."""
        return network

    def spared_bytes(self, student: Backbone, loss: SecantLoss) -> float:
        """What a process holds less than one that has all weights, moments and gradients."""
        return 0.0

    def accumulate(
        self,
        call: Pass,
        ctx: RunContext,
        batch: Batch,
        times: Times,
        unsynchronised: Callable[[], AbstractContextManager[object]] = nullcontext,
    ) -> Computed:
        """The weighed sum of `call` over the rows, all pieces but the last already backward."""
        assert self.pieces is not None
        ctx.batch_size = total = self.pieces.total
        first, done, kept = self.pieces.rows.start, [], []
        parts = list(self.pieces)
        for part in parts:
            ctx.rows = slice(first + part.start, first + part.stop)
            own, last = len(parts) == 1, part is parts[-1]
            given = (batch, times) if own else (batch.rows(part), times.rows(part))
            with nullcontext() if last else unsynchronised():
                terms = call(*given)
                objective = terms.per_sample.sum() * (self.group.size / total)
                kept.append(terms)
                if not last:
                    self.scaled(objective).backward()  # type: ignore[no-untyped-call]
                    done.append(objective.detach())
        if done:
            objective = objective + torch.stack(done).sum()
        return Computed(objective, _joined(kept))


def _joined(kept: list[LossTerms]) -> LossTerms:
    """The terms of all pieces; scalars are means over them."""
    if len(kept) == 1:
        return kept[0]
    names = kept[0].scalars
    return LossTerms(
        torch.cat([terms.per_sample.detach() for terms in kept]),
        {n: torch.stack([terms.scalars[n].detach() for terms in kept]).mean() for n in names},
    )


class WholeLoss(nn.Module):
    """The whole loss as one forward, so that what hooks into a forward sees one each backward."""

    def __init__(self, student: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        super().__init__()
        self.student = student
        self.loss, self.ctx = loss, ctx

    def forward(self, batch: Batch, times: Times) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Tensors alone: hooks do not look into records."""
        terms = self.loss(self.ctx, batch, times)
        return terms.per_sample, dict(terms.scalars)
