"""The samples of an evaluation in blocks, of which each process has its share.

A block is as many whole compute blocks as make at least `evaluate.batch_size` samples. Which
samples it holds depends on the experiment alone, so that a sum over blocks, in their order, is
the same sum whoever made them.
"""

from __future__ import annotations

from collections.abc import Iterator

from secantfw.experiment.schema import EvaluateKeys
from secantfw.sampling.shard import WHOLE, Shard


def sample_blocks(keys: EvaluateKeys, shard: Shard = WHOLE) -> Iterator[range]:
    """The sample numbers of each block that falls to `shard`."""
    rows = keys.compute_batch * -(-keys.batch_size // keys.compute_batch)
    return shard.blocks(keys.samples, rows)


def compute_blocks(keys: EvaluateKeys, numbers: range) -> Iterator[range]:
    """The sample numbers of each compute block within a block."""
    for first in range(numbers.start, numbers.stop, keys.compute_batch):
        yield range(first, min(first + keys.compute_batch, numbers.stop))
