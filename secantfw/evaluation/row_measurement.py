"""The numbers of one row: its samples drawn, shown and measured, for each seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw.errors import RunAborted
from secantfw.evaluation.endpoints import Endpoints
from secantfw.evaluation.reference import Reference
from secantfw.evaluation.row_guidance import RowGuidance
from secantfw.evaluation.rows import Row
from secantfw.evaluation.secant_pairs import Pairs
from secantfw.evaluation.sources import Sources
from secantfw.interfaces.metric import Accumulator
from secantfw.reporting.pictures import save_grid
from secantfw.sampling.draw import draw
from secantfw.sampling.trained_steps import is_off_grid
from secantfw.training.progress import Progress


@attrs.frozen
class RowMeasurement:
    """Pictures go to `folder`/samples, the ends of the teacher's ODE to `folder`."""

    sources: Sources
    note: Callable[[str], None]
    folder: Path
    progress: Progress

    def row(self, row: Row) -> dict[str, Any]:
        """The row of evaluation.json, without its stamps."""
        self.note(row.title)
        seeds, metrics = self.sources.seeds, self.sources.metrics_of(row)
        spent: list[int] = []
        measured = [self._measured(row, seed, spent) for seed in seeds]
        numbers = [[accumulator.value() for accumulator in each] for each in measured]
        values = torch.tensor(numbers, dtype=torch.float64)
        said = zip(metrics, measured[0], strict=True)
        details = {m.key: dict(found) for m, a in said if (found := a.details())}
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
            **(
                {"deviations": dict(zip(keys, values.std(0).tolist(), strict=True))}
                if len(seeds) > 1
                else {}
            ),
            **({"details": details} if details else {}),
        }

    def _off_grid(self, row: Row) -> bool:
        """Whether the student takes secants that it was not trained on."""
        return is_off_grid(self.sources.built, row.solver.solver, row.steps)

    def of_the_network(self, guidance: RowGuidance) -> dict[str, Any]:
        """The metrics of the student itself, under this guidance."""
        found = {}
        for metric in self.sources.network_metrics:
            self.note(metric.title)
            student = self.sources.field("student", guidance)
            teacher = self.sources.field("teacher", guidance)
            pairs = Pairs(self.sources, student, teacher, self._reference(guidance))
            found[metric.key] = dict(metric.measure(pairs))
        return found

    def _measured(self, row: Row, seed: int, spent: list[int]) -> list[Accumulator]:
        """The metrics' accumulators with all samples of one seed; `spent` grows by each block's
        NFE."""
        metrics = self.sources.metrics_of(row)
        compares = any("endpoints" in metric.requires for metric in metrics)
        ends = self._endpoints(seed, row.guidance) if compares else None
        accumulators = [metric.accumulator() for metric in metrics]
        wanted = self.sources.keys.picture if seed == self.sources.seeds[0] else 0
        first, shown = 0, []
        for samples in grouped(self._samples(row, seed, spent), self.sources.keys.batch_size):
            numbers = range(first, first + len(samples))
            theirs = None if ends is None else ends.read(numbers, samples.device)
            for accumulator in accumulators:
                accumulator.update(samples, theirs)
            if first < wanted:
                shown.append(samples[: wanted - first].cpu())
            first = numbers.stop
        self._picture(row, shown, round(sum(spent) / max(len(spent), 1)))
        return accumulators

    def _samples(self, row: Row, seed: int, spent: list[int]) -> Iterator[Tensor]:
        """The wanted samples of each compute block, in order."""
        field, solver = self.sources.field(row.model, row.guidance), row.solver.solver
        for start in self.sources.starts(seed):
            before = field.nfe
            samples = draw(field, solver, start, row.steps)
            spent.append(field.nfe - before)
            if row.nfe is not None and spent[-1] != row.nfe:
                raise RunAborted(
                    f"solver {row.solver.name} claims {row.nfe} NFE in {row.steps} steps and "
                    f"made {spent[-1]}"
                )
            yield samples[: len(start.numbers)]
            self.progress.more(len(start.numbers))

    def _endpoints(self, seed: int, guidance: RowGuidance) -> Endpoints:
        """Ends of the teacher's ODE by the reference solver."""
        keys, spec = self.sources.keys, self.sources.built.dataset.spec
        ends = Endpoints(self.folder / f"ends-{seed}-{guidance.scale:g}.npy", spec, keys.samples)
        if not ends.complete:
            reference = self._reference(guidance)
            field = self.sources.field("teacher", guidance)
            drawn = partial(self.sources.starts, seed)
            ends.fill(field, reference.solver, reference.steps, drawn)
        return ends

    def _reference(self, under: RowGuidance) -> Reference:
        reference = self.sources.reference(under)
        self.note(f"reference: {self.sources.truth_found([under])}")
        if reference.error is not None and not reference.reached:
            self.note(
                f"warning: the reference solution has an error of {reference.error:.1e}, above "
                f"evaluate.reference_tolerance = {reference.tolerance:g}; no more than "
                f"{reference.steps} steps were tried"
            )
        return reference

    def _picture(self, row: Row, shown: list[Tensor], nfe: int) -> None:
        if not shown or row.place > 1:  # of the finalists of an NFE the first stands for all
            return
        dataset, device = self.sources.built.dataset, self.sources.built.device
        pictures = dataset.to_uint8(torch.cat(shown).to(device))
        if pictures is not None:
            save_grid(pictures.numpy(), self.folder / "samples" / f"{row.picture(nfe)}.png")


def grouped(parts: Iterator[Tensor], size: int) -> Iterator[Tensor]:
    """The same rows in order, `size` at a time; the last may be fewer."""
    waiting: list[Tensor] = []
    for part in parts:
        waiting.append(part)
        while sum(map(len, waiting)) >= size:
            rows = torch.cat(waiting)
            yield rows[:size]
            waiting = [rows[size:]] if len(rows) > size else []
    if waiting:
        yield torch.cat(waiting)
