"""Engine: how the gradient of a global batch comes about, on one process or on several.

The loss of a batch of B rows is (1/B) sum_i loss_i whoever computes which rows: a process weighs
each of its rows by 1/B (times the number of processes where gradients are averaged), in pieces of
`micro_batch_size` rows whose gradients add up.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

import attrs
import torch
from torch import Tensor, nn

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.agreed_stop import AgreedStop
from secantfw.parallel.context import RunContext
from secantfw.parallel.gradients import total_norm
from secantfw.parallel.group import ALONE, Group
from secantfw.parallel.pieces import Pieces
from secantfw.runtime.signals import Stop

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

    A plug-in's is built as `Engine(site)` or `Engine(options, site)`, and sets `group` and
    `pieces` from its `EngineSite`. Every process draws the whole global batch's random numbers, so
    that there is none to agree on; weights are equal at the start, on every process.
    """

    group: Group = ALONE
    pieces: Pieces | None = None  # None: the global batch at once
    sharded: bool = False  # whether `local` is less than the parameter
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
        self._stop = AgreedStop(stop, device)
        return self._stop

    def exchange(self, objective: Tensor) -> Tensor:
        """The mean loss of all processes, by one small all-reduce that carries signals too."""
        arrived = self.group.mean(torch.cat((objective.detach().reshape(1), self._stop.sent())))
        self._stop.take(arrived[1:])
        return arrived[0]

    def local(self, parameter: nn.Parameter) -> nn.Parameter:
        """What of a parameter of `student` or `ema` this process keeps and updates."""
        return parameter

    def said(self) -> str:
        """What the plan says of it; "" where there is nothing to say."""
        return ""

    def whole(self) -> AbstractContextManager[object]:
        """Inside, this process has all weights, and may call the networks outside `compute`."""
        return nullcontext()

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
        self._loss, self.ctx = loss, ctx

    def forward(self, batch: Batch, times: Times) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Tensors alone: hooks do not look into records."""
        terms = self._loss(self.ctx, batch, times)
        return terms.per_sample, dict(terms.scalars)
