"""Pieces: the rows of a process, as many at once as `micro_batch_size` lets it take."""

from __future__ import annotations

from collections.abc import Iterator

import attrs


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
