"""Engine: how the gradient of a global batch comes about, on one process or on several.

The loss of a batch of B rows is (1/B) sum_i loss_i whoever computes which rows: a process weighs
each of its rows by 1/B (times the number of processes where gradients are averaged), in pieces of
`micro_batch_size` rows whose gradients add up.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import TypeAlias

import attrs
import torch
from torch import Tensor, nn

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.group import ALONE, Group
from secantfw.training.context import RunContext
from secantfw.training.signals import Stop

Pass: TypeAlias = Callable[[Batch, Times], LossTerms]


@attrs.frozen(eq=False)
class Computed:
    """A loss whose `objective.backward()` completes the gradient, and what there is to log.

    `objective` is the loss of this process's rows, weighed so that its mean over the processes is
    the loss of the global batch.
    """

    objective: Tensor
    terms: LossTerms


class Engine(abc.ABC):
    """Of a run's training. `prepare` once, then `compute` and `backward` each step."""

    group: Group = ALONE
    sharded: bool = False  # whether `local` is less than the parameter

    @abc.abstractmethod
    def prepare(self, student: Backbone, ema: Backbone, loss: SecantLoss, ctx: RunContext) -> None:
        """Take the networks, their weights loaded; nothing has been trained yet."""

    def local(self, parameter: nn.Parameter) -> nn.Parameter:
        """What of a parameter of `student` or `ema` this process keeps and updates."""
        return parameter

    def said(self) -> str:
        """What the plan says of it; "" where there is nothing to say."""
        return ""

    def whole(self) -> AbstractContextManager[object]:
        """Inside, this process has all weights, and may call the networks outside `compute`."""
        return nullcontext()

    @abc.abstractmethod
    def compute(self, batch: Batch, times: Times) -> Computed:
        """The loss of this process's rows: `batch` and `times` hold no others."""

    @abc.abstractmethod
    def backward(self, objective: Tensor) -> Tensor:
        """Put the global batch's gradient on what `local` gave; returns a 0-dim tensor that is
        finite only if the loss is on every process, and the same on all."""

    @abc.abstractmethod
    def total_norm(self, gradients: list[Tensor]) -> Tensor:
        """The 2-norm of all gradients together, 0-dim, the same on all processes."""

    @abc.abstractmethod
    def agreed(self, stop: Stop) -> Stop:
        """Signals as all processes heed them, at the same step; `stop` are this one's."""


@attrs.frozen
class Pieces:
    """The rows of this process in pieces that a network sees at once."""

    rows: range  # of the global batch
    total: int  # rows of the global batch
    micro: int | None = None  # at most so many rows a piece

    def __iter__(self) -> Iterator[slice]:
        """Positions within this process's rows; sizes differ by at most one."""
        n = len(self.rows)
        count = 1 if self.micro is None else -(-n // self.micro)
        for k in range(count):
            yield slice(n * k // count, n * (k + 1) // count)

    def __str__(self) -> str:
        count = sum(1 for _ in self)
        return f"{len(self.rows)} rows each" + (f" in {count} pieces" if count > 1 else "")

    @property
    def whole(self) -> bool:
        """Whether there is one piece and it is the global batch."""
        return len(self.rows) == self.total and (self.micro is None or self.micro >= self.total)


def accumulate(
    call: Pass,
    ctx: RunContext,
    pieces: Pieces,
    weight: float,
    batch: Batch,
    times: Times,
    unsynchronised: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Computed:
    """The sum over the rows of `weight` loss_i, all pieces but the last already backward."""
    ctx.batch_size = pieces.total
    done: list[Tensor] = []
    kept: list[LossTerms] = []
    parts = list(pieces)
    for part in parts:
        ctx.rows = slice(pieces.rows.start + part.start, pieces.rows.start + part.stop)
        own = len(parts) == 1
        given = (batch, times) if own else (batch.rows(part), times.rows(part))
        with nullcontext() if part is parts[-1] else unsynchronised():
            terms = call(*given)
            objective = terms.per_sample.sum() * weight
            kept.append(terms)
            if part is not parts[-1]:
                objective.backward()  # type: ignore[no-untyped-call]
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
