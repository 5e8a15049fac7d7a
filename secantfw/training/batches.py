"""The trainer's draws of each step: data order, augmentation, noise, label drops, scales."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.assembly.items import ItemSource, Read
from secantfw.experiment.schema import Guidance
from secantfw.interfaces.augmentation import Augmentation, RowDraws
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.records import Batch, Cond
from secantfw.runtime.randomness import Streams, seed_of


class Order:
    """One permutation per (seed, epoch); a step takes the next `batch_size` positions."""

    def __init__(self, seed: int, size: int, batch_size: int) -> None:
        self.seed, self.size, self.batch_size = seed, size, batch_size
        self._epoch = -1
        self._permutation = torch.empty(0, dtype=torch.int64)

    def indices(self, step: int) -> Tensor:
        """Positions in the data set, (batch_size,) int64 on the CPU; they run over epoch ends."""
        epoch, offset = divmod(step * self.batch_size, self.size)
        if offset + self.batch_size <= self.size:  # as nearly every step does, in fewer calls
            return self._of(epoch)[offset : offset + self.batch_size]
        first, pieces, wanted = step * self.batch_size, [], self.batch_size
        while wanted:
            epoch, offset = divmod(first, self.size)
            piece = self._of(epoch)[offset : offset + wanted]
            pieces.append(piece)
            first, wanted = first + len(piece), wanted - len(piece)
        return torch.cat(pieces)

    def _of(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            rng = torch.Generator().manual_seed(seed_of(self.seed, "order", epoch))
            self._permutation = torch.randperm(self.size, generator=rng)
            self._epoch = epoch
        return self._permutation


class BatchSource:
    """Draws the batch of a step: all of it, or the `rows` of it that this process computes.

    Numbers are drawn for the whole global batch, items are read for the rows alone.
    """

    def __init__(
        self,
        dataset: Dataset,
        guidance: Guidance,
        streams: Streams,
        seed: int,
        batch_size: int,
        rows: range | None = None,
        items: type[ItemSource] = Read,
        augmentation: Augmentation | None = None,
    ) -> None:
        self.dataset, self.guidance, self.streams = dataset, guidance, streams
        self.order = Order(seed, dataset.size("train"), batch_size)
        self.rows = None if rows is None else slice(rows.start, rows.stop)
        self.augmentation = augmentation
        self.items = items(dataset, self._indices, streams.device)

    def few(self, rows: int) -> BatchSource:
        """A source of batches of so many rows, read one by one; this one stays as it is."""
        return BatchSource(
            self.dataset,
            self.guidance,
            self.streams,
            self.order.seed,
            rows,
            augmentation=self.augmentation,
        )

    def batch(self, step: int) -> Batch:
        """The batch of `step`: items, noise and conditions, on the streams' device.

        Raises:
            UserError: items that are not what the data set says, by index.
        """
        device = self.streams.device
        drawn, n = self.items.at(step), self.order.batch_size
        x_0, label = drawn.items.x_0, drawn.items.label
        x_0, augment = self._augmented(x_0, step)
        rng = self.streams.at("noise", step)
        z = self._own(torch.randn((n, *x_0.shape[1:]), generator=rng, device=device))
        cond, cond_data = self._conditions(label, n, step)
        if augment is not None:
            cond, cond_data = (attrs.evolve(c, augment=augment) for c in (cond, cond_data))
        return Batch(x_0=x_0, z=z, cond=cond, cond_data=cond_data, index=drawn.index)

    def _augmented(self, x_0: Tensor, step: int) -> tuple[Tensor, Tensor | None]:
        """The items as the augmentation leaves them, and what it says of each, (rows, A)."""
        if self.augmentation is None:
            return x_0, None
        rng = self.streams.at("augment", step)
        draws = RowDraws(rng, self.order.batch_size, self.rows or slice(None))
        changed = self.augmentation(x_0, draws)
        return changed.x_0, changed.told

    def _indices(self, step: int) -> Tensor:
        """Where the items of this process are, of the step's batch."""
        index = self.order.indices(step)
        return index if self.rows is None else index[self.rows]

    def _own(self, drawn: Tensor) -> Tensor:
        """What was drawn for the whole batch, of the rows of this process."""
        return drawn if self.rows is None else drawn[self.rows]

    def _conditions(self, label: Tensor | None, n: int, step: int) -> tuple[Cond, Cond]:
        dropped = self._drop(label, n, step)
        if self.guidance.range is None:
            cond = Cond(label=dropped)
            return cond, cond
        low, high = self.guidance.range
        rng = self.streams.at("guidance", step)
        scale = torch.rand(n, generator=rng, device=self.streams.device)
        scale = self._own(scale.mul_(high - low).add_(low))
        return Cond(label, scale), Cond(dropped, torch.ones_like(scale))

    def _drop(self, label: Tensor | None, n: int, step: int) -> Tensor | None:
        """`label` with the null class in a share `label_dropout` of the rows."""
        if label is None or self.guidance.label_dropout == 0:
            return label
        rng = self.streams.at("label_dropout", step)
        drop = self._own(torch.rand(n, generator=rng, device=label.device))
        return label.masked_fill(drop < self.guidance.label_dropout, self.dataset.spec.num_classes)
