"""One command's worth of numbers: every row of the table, from the same noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import attrs

from secantfw.baselines.records import Baselines
from secantfw.evaluation.baseline_rows import baseline_rows, comparable_ceiling
from secantfw.evaluation.kept_rows import KeptRows
from secantfw.evaluation.make_stamp import make_stamp
from secantfw.evaluation.planned_rows import planned_rows
from secantfw.evaluation.row_guidance import RowGuidance
from secantfw.evaluation.row_measurement import RowMeasurement
from secantfw.evaluation.rows import Row
from secantfw.evaluation.sources import Sources
from secantfw.evaluation.trajectories import draw_trajectories
from secantfw.interfaces.metric import AnyMetric, Metric
from secantfw.sampling.shard import WHOLE, Shard
from secantfw.training.build import build
from secantfw.training.progress import Progress

#: Of trajectories in the plane; those of more steps look alike.
_MOST_PANELS = 4


@attrs.define
class Evaluator:
    """Evaluates the student (its average) and the experiment's teacher, row by row into `kept`."""

    sources: Sources
    note: Callable[[str], None]
    kept: KeptRows
    baselines: Baselines | None = None
    planned: list[Row] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.planned = planned_rows(self.sources.built)
        if self.baselines is not None:
            self.planned += baseline_rows(self.sources, self.baselines, self.planned)

    def run(self, shard: Shard = WHOLE) -> None:
        """Finish the rows that fall to `shard` and are not there yet."""
        left = [
            row
            for row in self.planned[shard.index :: shard.parts]
            if self.kept.get(row.name) is None
        ]
        samples = len(left) * len(self.sources.seeds) * self.sources.keys.samples
        with Progress(samples, 0, "evaluation", bar=shard.parts == 1) as progress:
            measurement = RowMeasurement(self.sources, self.note, self.kept.folder, progress)
            for row in left:
                found = measurement.row(row) | self._of_the_network(row, measurement)
                stamped = {**found, "stamps": self._stamp_names(row, found)}
                self.kept.put(row.name, stamped, self._pictures(row, round(found["nfe"])))

    def content(self) -> dict[str, Any]:
        """The content of evaluation.json, once every row is finished."""
        keys, metrics = self.sources.keys, self.sources.metrics
        frechet = next((m for m in metrics if m.key == "frechet_distance"), None)
        columns = [_column(metric) for metric in metrics]
        compares = any("endpoints" in metric.requires for metric in metrics)
        seeds, found = self.sources.seeds, self.baselines
        guidances = self.sources.guidances
        ceiling = None if found is None else comparable_ceiling(self.sources, found)
        return {
            "rows": [self.kept.get(row.name) for row in self.planned],
            "samples": keys.samples,
            "floor": next((c["floor"] for c in columns if c["key"] == "frechet_distance"), None),
            "feature_sha256": "" if frechet is None else frechet.identity(),
            "columns": columns,
            "nfe": list(keys.nfe),
            "headline_nfe": keys.headline,
            "reference": self.sources.truth_found(guidances) if compares else None,
            "references": self._references(guidances) if compares else [],
            "seed": seeds[0],
            **({"seeds": list(seeds)} if len(seeds) > 1 else {}),
            "weights": "ema",
            **({} if ceiling is None else {"ceiling": ceiling}),
            "stamps": self._stamps(),
        }

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

    def _pictures(self, row: Row, nfe: int) -> list[str]:
        """The names of the pictures that were drawn of a row."""
        name = f"{row.picture(nfe)}.png"
        return [name] if (self.kept.samples / name).is_file() else []

    def _of_the_network(self, row: Row, measurement: RowMeasurement) -> dict[str, Any]:
        """What is measured of the student's secants, in the first of its rows along them."""
        mine = [r for r in self.planned if r.model == "student" and r.guidance == row.guidance]
        if row != next((r for r in mine if r.along_secants), None):
            return {}
        return measurement.of_the_network(row.guidance)

    def _stamp_names(self, row: Row, found: dict[str, Any]) -> dict[str, str]:
        """The name of each number's stamp; metrics absent from the row are skipped."""
        return {
            metric.key: make_stamp(self.sources, metric, row.guidance).name
            for metric in self.sources.built.metrics
            if metric.key in found
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


def _column(metric: Metric) -> dict[str, Any]:
    return {
        "key": metric.key,
        "title": metric.title,
        "lower_is_better": metric.lower_is_better,
        "floor": metric.floor(),
    }
