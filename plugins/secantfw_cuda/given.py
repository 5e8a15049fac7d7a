"""Given: what one solve starts from, as one record that can be split, copied and compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import attrs
import torch
from torch import Tensor

from secantfw import Cond


@attrs.frozen(eq=False)
class Given:
    """`x` (B, *) at the times `t`, to be taken to `s` (B,), under `cond`."""

    x: Tensor
    t: Tensor
    s: Tensor
    cond: Cond

    def __len__(self) -> int:
        return int(self.x.shape[0])

    def map(self, function: Callable[[Tensor], Tensor]) -> Given:
        """The same record with `function` applied to each tensor that is there."""
        x, t, s = function(self.x), function(self.t), function(self.s)
        return Given(x, t, s, self.cond.map(function))

    def tensors(self) -> list[Tensor]:
        """Those that are there, in a fixed order."""
        found: list[Tensor] = []
        self.map(lambda tensor: found.append(tensor) or tensor)  # type: ignore[func-returns-value]
        return found

    def signature(self) -> tuple[object, ...]:
        """Shapes, dtypes, devices, and which conditions there are."""
        there = (self.cond.label is None, self.cond.guidance is None, self.cond.augment is None)
        return (*there, *((t.shape, t.dtype, t.device) for t in self.tensors()))

    def parts(self, rows: int) -> Iterator[Given]:
        """At most `rows` rows each, all but the last of one size, as equal as that allows."""
        count = -(-len(self) // rows)
        size = -(-len(self) // count)
        for first in range(0, len(self), size):
            yield self.map(lambda tensor, first=first: tensor[first : first + size])  # type: ignore[misc]


def joined(parts: list[Tensor]) -> Tensor:
    """The parts one after the other."""
    return parts[0] if len(parts) == 1 else torch.cat(parts)
