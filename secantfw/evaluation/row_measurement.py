"""The numbers of one row: what was observed of its samples, reduced in their order, by seed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw.assembly.row import PlannedRow
from secantfw.assembly.trained_steps import is_off_grid
from secantfw.evaluation.drawn_blocks import DrawnBlocks
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

    def row(self, row: PlannedRow) -> dict[str, Any]:
        """The row of evaluation.json, without its stamps."""
        seeds, metrics = self.sources.seeds, self.sources.metrics_of(row)
        spent: list[int] = []
        measured = [self._measured(row, seed, spent) for seed in seeds]
        numbers = [[one.value() for one in each] for each in measured]
        values = torch.tensor(numbers, dtype=torch.float64)
        said = zip(metrics, measured[0], strict=True)
        details = {m.key: found for m, a in said if (found := a.details())}
        keys = [metric.key for metric in metrics]
        return {
            "model": row.model,
            "solver": row.solver.name,
            **({"label": row.solver.label} if row.solver.label else {}),
            "steps": 0 if row.nfe is None else row.steps,  # an adaptive solver chose them itself
            "nfe": spent[0] if len(set(spent)) == 1 else sum(spent) / len(spent),
            "guidance": row.guidance.scale,
            "guidance_interval": list(row.guidance.interval),
            **({"baseline": True} if row.baseline else {}),
            **({"off_grid": True} if self._off_grid(row) else {}),
            **dict(zip(keys, values.mean(0).tolist(), strict=True)),
            **(_spread(keys, values) if len(seeds) > 1 else {}),
            **({"details": details} if details else {}),
        }

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


def _spread(keys: Sequence[str], values: Tensor) -> dict[str, Any]:
    """Of values [seeds, metrics]: those of each seed too: rows of one seed share noise."""
    deviations, by_seed = values.std(0).tolist(), values.T.tolist()
    return {
        "deviations": dict(zip(keys, deviations, strict=True)),
        "by_seed": dict(zip(keys, by_seed, strict=True)),
    }
