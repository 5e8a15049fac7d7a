"""One command's worth of numbers: every row of the table, from the same noise.

A row's blocks are made by all processes; when the last has come, the main one measures them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from secantfw.assembly.build import build
from secantfw.assembly.planned_rows import planned_rows
from secantfw.assembly.row import PlannedRow
from secantfw.baselines.records import Baselines
from secantfw.evaluation.baseline_rows import baseline_rows, comparable_ceiling
from secantfw.evaluation.drawn_blocks import DrawnBlocks
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.evaluation_file import in_order
from secantfw.evaluation.kept_blocks import KeptBlocks
from secantfw.evaluation.kept_rows import KeptRows
from secantfw.evaluation.make_stamp import make_stamp
from secantfw.evaluation.measured_row import Column, Row
from secantfw.evaluation.network_measurement import NetworkMeasurement
from secantfw.evaluation.row_measurement import RowMeasurement
from secantfw.evaluation.sample_blocks import sample_blocks
from secantfw.evaluation.share import Share
from secantfw.evaluation.sources import Sources
from secantfw.evaluation.teacher_ends import TeacherEnds
from secantfw.evaluation.trajectories import draw_trajectories
from secantfw.interfaces.metric import AnyMetric, Metric
from secantfw.runtime.progress import Progress
from secantfw.runtime.silent import SilentProgress
from secantfw.sampling.row_guidance import RowGuidance

ALL = Share()
#: Of trajectories in the plane; those of more steps look alike.
_MOST_PANELS = 4


@attrs.define
class Evaluator:
    """Evaluates the student (its average) and the experiment's teacher, row by row into `kept`."""

    sources: Sources
    note: Callable[[str], None]
    kept: KeptRows
    baselines: Baselines | None = None
    planned: list[PlannedRow] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.planned = planned_rows(self.sources.built)
        if self.baselines is not None:
            self.planned += baseline_rows(self.sources, self.baselines, self.planned)

    def run(self, share: Share = ALL) -> None:
        """Make this process's share of the rows that are not there yet; measure them, if it is
        the one that does."""
        left = self._left(share)
        samples = len(left) * len(self.sources.seeds) * self._samples(share)
        blocks = KeptBlocks(self.kept.folder / "blocks")
        ends = TeacherEnds(self.sources, blocks, self.note)
        network = NetworkMeasurement(self.sources, blocks, ends, share, self.note)
        with _progress(samples, share) as progress:
            drawn = DrawnBlocks(self.sources, blocks, ends, progress)
            measurement = RowMeasurement(self.sources, drawn, self.kept.samples)
            for row in left:
                self.note(row.title)
                with share.group.apart():
                    drawn.fill(row, share.shard)
                more = network.under(row.guidance) if self._has_the_network(row) else {}
                with share.group.apart():
                    if share.measures:
                        self._measure(row, measurement, more)
                        drawn.forget(row)

    def _left(self, share: Share) -> list[PlannedRow]:
        """Rows that are not measured yet, as the main process sees it."""
        there = share.group.from_main(
            [self.kept.get(row.name) is not None for row in self.planned]
        )
        return [row for row, is_there in zip(self.planned, there, strict=True) if not is_there]

    def _samples(self, share: Share) -> int:
        return sum(map(len, sample_blocks(self.sources.keys, share.shard)))

    def _measure(self, row: PlannedRow, measurement: RowMeasurement, more: dict[str, Any]) -> None:
        found = attrs.evolve(measurement.row(row), measured=more)
        stamped = attrs.evolve(found, stamps=self._stamp_names(row, found))
        self.kept.put(row.name, stamped, self._pictures(row, round(found.nfe)))

    def evaluation(self, overrides: str = "") -> Evaluation:
        """The whole, once every row is finished."""
        keys, metrics, built = self.sources.keys, self.sources.metrics, self.sources.built
        if not built.dataset.size("test"):
            self.note("no held-out data: the table has no row of real data")
        compares = any("endpoints" in metric.requires for metric in metrics)
        guidances, found = self.sources.guidances, self.baselines
        rows = [row for planned in self.planned if (row := self.kept.get(planned.name))]
        return Evaluation(
            columns=tuple(map(self._column, metrics)),
            rows=in_order(rows),
            samples=keys.samples,
            seeds=tuple(self.sources.seeds),
            asked=tuple(keys.nfe),
            headline_nfe=keys.headline,
            weights="ema",
            reference=self.sources.truth_found(guidances) if compares else "",
            references=tuple(self._references(guidances)) if compares else (),
            stamps=self._stamps(),
            ceiling=None if found is None else comparable_ceiling(self.sources, found),
            overrides=overrides,
        )

    def plane(self) -> None:
        """For data in the plane: the student's steps under the run's solver, by their number."""
        built, keys = self.sources.built, self.sources.keys
        if built.dataset.spec.shape != (2,):
            return
        steps = sorted({built.solver.steps_within(budget) for budget in keys.nfe} - {0})
        under = self.sources.guidances[0]
        teacher = None if built.teacher is None else self.sources.field("teacher", under)
        draw_trajectories(
            built,
            self.sources.field("student", under),
            built.solver,
            steps[:_MOST_PANELS] or [1],
            teacher,
            build(built.experiment.evaluate.reference),  # type: ignore[arg-type]
            self.sources.seeds[0],
            self.kept.samples / "trajectories.png",
        )

    def _pictures(self, row: PlannedRow, nfe: int) -> list[str]:
        """The names of the pictures that were drawn of a row."""
        name = f"{row.picture(nfe)}.png"
        return [name] if (self.kept.samples / name).is_file() else []

    def _has_the_network(self, row: PlannedRow) -> bool:
        """What is measured of the student's secants stands in the first of its rows along them."""
        mine = [r for r in self.planned if r.model == "student" and r.guidance == row.guidance]
        return row == next((r for r in mine if r.along_secants), None)

    def _stamp_names(self, row: PlannedRow, found: Row) -> dict[str, str]:
        """The name of each number's stamp; metrics absent from the row are skipped."""
        return {
            metric.key: make_stamp(self.sources, metric, row.guidance).name
            for metric in self.sources.built.metrics
            if metric.key in found.values or metric.key in found.measured
        }

    def _references(self, guidances: Sequence[RowGuidance]) -> list[dict[str, Any]]:
        """Under each guidance: what the stamps leave out, since it may differ by the seed."""
        found = {under: self.sources.reference(under) for under in guidances}
        return [
            {"guidance": under.scale, "steps": r.steps, "error": r.error, "tolerance": r.tolerance}
            for under, r in found.items()
        ]

    def _stamps(self) -> dict[str, Any]:
        secants = any(row.model == "student" and row.along_secants for row in self.planned)
        networks = self.sources.network_metrics if secants else ()
        pairs: list[tuple[AnyMetric, RowGuidance]] = [
            (metric, row.guidance)
            for row in self.planned
            for metric in self.sources.metrics_of(row)
        ]
        pairs += [(metric, under) for under in self.sources.guidances for metric in networks]
        found = [make_stamp(self.sources, *pair) for pair in dict.fromkeys(pairs)]
        return {stamp.name: stamp.as_json() for stamp in found}

    def _column(self, metric: Metric) -> Column:
        held_out = self.sources.built.dataset.size("test")
        return Column(
            key=metric.key,
            title=metric.title,
            lower_is_better=metric.lower_is_better,
            floor=metric.floor() if held_out else None,
            unit=metric.unit,
            log_scale=metric.log_scale,
        )


def _progress(samples: int, share: Share) -> Progress:
    if not share.group.is_main:
        return SilentProgress()
    return Progress(samples, 0, "evaluation", bar=share.shard.parts == 1)
