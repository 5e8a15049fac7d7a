"""The numbers of one row: what was observed of its samples, reduced in their order, by seed."""

from __future__ import annotations

from pathlib import Path

import attrs
import torch
from torch import Tensor

from secantfw.assembly.row import PlannedRow
from secantfw.assembly.trained_steps import is_off_grid
from secantfw.evaluation.drawn_blocks import DrawnBlocks
from secantfw.evaluation.evaluation_file import with_seeds
from secantfw.evaluation.measured_row import Row
from secantfw.evaluation.observing import Tally
from secantfw.evaluation.sample_blocks import sample_blocks
from secantfw.evaluation.sources import Sources
from secantfw.pictures.pictures import save_grid


@attrs.frozen
class RowMeasurement:
    """Blocks that are not there yet are made; pictures go to `samples`."""

    sources: Sources
    drawn: DrawnBlocks
    samples: Path

    def row(self, row: PlannedRow) -> Row:
        """Its record, without stamps."""
        seeds, metrics = self.sources.seeds, self.sources.metrics_of(row)
        spent: list[int] = []
        measured = [self._measured(row, seed, spent) for seed in seeds]
        numbers = zip(*[[one.value() for one in each] for each in measured], strict=True)
        keys = [metric.key for metric in metrics]
        said = zip(keys, measured[0], strict=True)
        return Row(
            model=row.model,
            solver_name=row.solver.name,
            label=row.solver.label,
            steps=0 if row.nfe is None else row.steps,  # an adaptive solver chose them itself
            nfe=spent[0] if len(set(spent)) == 1 else sum(spent) / len(spent),
            guidance=row.guidance,
            guidance_text=row.guidance_text,
            baseline=row.baseline,
            off_grid=self._off_grid(row),
            details={key: found for key, tally in said if (found := tally.details())},
            **with_seeds(dict(zip(keys, numbers, strict=True))),
        )

    def _off_grid(self, row: PlannedRow) -> bool:
        """Whether the student takes secants that it was not trained on."""
        return is_off_grid(self.sources.built, row.solver.solver, row.steps)

    def _measured(self, row: PlannedRow, seed: int, spent: list[int]) -> list[Tally]:
        """Of all samples of one seed; `spent` grows by each compute block's NFE."""
        keys, device = self.sources.keys, self.sources.built.device
        metrics = self.sources.metrics_of(row)
        tallies = [Tally(metric, keys.batch_size, device) for metric in metrics]
        shown: list[Tensor] = []
        for numbers in sample_blocks(keys):
            block = self.drawn.block(row, seed, numbers)
            for tally in tallies:
                tally.take(block)
            spent += block["nfe"].tolist()
            shown += [block["shown"]] if "shown" in block else []
        self._picture(row, shown, round(sum(spent) / max(len(spent), 1)))
        return tallies

    def _picture(self, row: PlannedRow, shown: list[Tensor], nfe: int) -> None:
        if not shown:
            return
        dataset, device = self.sources.built.dataset, self.sources.built.device
        pictures = dataset.to_uint8(torch.cat(shown).to(device))
        if pictures is not None:
            save_grid(pictures.numpy(), self.samples / f"{row.picture(nfe)}.png")
