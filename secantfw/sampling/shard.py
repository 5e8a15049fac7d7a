"""Which samples fall to one of several processes: every n-th compute block."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from secantfw.errors import UserError


@attrs.frozen
class Shard:
    """Part `index` of `parts`. Blocks are never split, so no sample depends on who draws it."""

    index: int = 0
    parts: int = 1

    def blocks(self, count: int, rows: int) -> Iterator[range]:
        """The sample numbers below `count` of each block of `rows` that is this part's."""
        for first in range(self.index * rows, count, self.parts * rows):
            yield range(first, min(first + rows, count))

    def __str__(self) -> str:
        return f"{self.index}/{self.parts}"


WHOLE = Shard()


def read_shard(text: str) -> Shard:
    """`0/2`, the first of two parts.

    Raises:
        UserError: not I/N with I in 0..N-1.
    """
    index, _, parts = text.partition("/")
    if index.isdecimal() and parts.isdecimal() and int(index) < int(parts):
        return Shard(int(index), int(parts))
    raise UserError(f"--shard: expected I/N such as 0/2, with I from 0 to N - 1, got {text!r}")
