"""Blocks of a row's samples: drawn, and what its metrics observe of them kept.

A kept block is what `observing` says, and

    "nfe"    (compute blocks,)  evaluations per sample that each has taken
    "shown"  (m, *)             the samples of the row's picture, if it has any
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import torch
from torch import Tensor

from secantfw.assembly.row import PlannedRow
from secantfw.errors import RunAborted
from secantfw.evaluation.kept_blocks import KeptBlocks
from secantfw.evaluation.observing import Block, observed, wanted_of
from secantfw.evaluation.sample_blocks import compute_blocks, sample_blocks
from secantfw.evaluation.sources import Sources
from secantfw.evaluation.teacher_ends import TeacherEnds
from secantfw.runtime.progress import Progress
from secantfw.sampling.draw import draw
from secantfw.sampling.shard import Shard


@attrs.frozen
class DrawnBlocks:
    """The blocks of every row, made when they are first asked for."""

    sources: Sources
    kept: KeptBlocks
    ends: TeacherEnds
    progress: Progress

    def fill(self, row: PlannedRow, shard: Shard) -> None:
        """Make the blocks that fall to `shard` and are not there yet, for all seeds."""
        for seed in self.sources.seeds:
            for numbers in sample_blocks(self.sources.keys, shard):
                self.block(row, seed, numbers)
                self.progress.more(len(numbers))

    def block(self, row: PlannedRow, seed: int, numbers: range) -> Block:
        """What is kept of the samples `numbers`.

        Raises:
            RunAborted: the solver took other evaluations than it claims.
            OSError: it cannot be written.
        """
        found = self.kept.get(_series(row, seed), numbers.start)
        wanted = {"nfe", *wanted_of(self.sources.metrics_of(row))}
        if found is None or not wanted <= found.keys():
            found = self._made(row, seed, numbers)
            self.kept.put(_series(row, seed), numbers.start, found)
        return found

    def forget(self, row: PlannedRow) -> None:
        """Once the row is measured."""
        for seed in self.sources.seeds:
            self.kept.remove(_series(row, seed))

    def _made(self, row: PlannedRow, seed: int, numbers: range) -> Block:
        nfe: list[int] = []
        samples = torch.cat(list(self._samples(row, seed, numbers, nfe)))
        ends = None
        metrics = self.sources.metrics_of(row)
        if any("endpoints" in metric.requires for metric in metrics):
            ends = self.ends.block(seed, row.guidance, numbers)
        found = observed(metrics, samples, ends, self.sources.keys.batch_size)
        found["nfe"] = torch.tensor(nfe)
        if shown := self._shown(row, seed, numbers):
            found["shown"] = samples[:shown].cpu()
        return found

    def _samples(
        self, row: PlannedRow, seed: int, numbers: range, nfe: list[int]
    ) -> Iterator[Tensor]:
        """The wanted samples of each compute block; `nfe` grows by what each has taken."""
        field, solver = self.sources.field(row.model, row.guidance), row.solver.solver
        for part in compute_blocks(self.sources.keys, numbers):
            before = field.nfe
            samples = draw(field, solver, self.sources.start(seed, part), row.steps)
            nfe.append(field.nfe - before)
            if row.nfe is not None and nfe[-1] != row.nfe:
                raise RunAborted(
                    f"solver {row.solver.name} claims {row.nfe} NFE in {row.steps} steps and "
                    f"made {nfe[-1]}"
                )
            yield samples[: len(part)]

    def _shown(self, row: PlannedRow, seed: int, numbers: range) -> int:
        """How many of a block's samples, its first, are in the row's picture."""
        if row.place > 1 or seed != self.sources.seeds[0]:
            return 0  # of the finalists of an NFE the first stands for all
        return max(0, min(self.sources.keys.picture - numbers.start, len(numbers)))


def _series(row: PlannedRow, seed: int) -> str:
    return f"{row.name}, seed {seed}"
