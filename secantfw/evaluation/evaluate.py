"""One command's worth of numbers: every row of the table, from the same noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw.errors import RunAborted
from secantfw.evaluation.planned_rows import planned_rows
from secantfw.evaluation.rows import Row
from secantfw.evaluation.trajectories import draw_trajectories
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.metric import Metric
from secantfw.interfaces.solver import Solver
from secantfw.reporting.pictures import save_grid
from secantfw.sampling.draw import Start, draw, starts
from secantfw.sampling.field import CountedField, student_field, teacher_field
from secantfw.training.build import Built, build


@attrs.define
class Evaluator:
    """Evaluates `student` (the average) and the experiment's teacher."""

    built: Built
    student: Backbone
    note: Callable[[str], None]

    def run(self, samples_folder: Path | None) -> dict[str, Any]:
        """The content of evaluation.json; pictures go to `samples_folder`.

        Every row is drawn from the same noise and labels. The metrics that compare with the
        teacher's exact ODE get the ends of a fine solve from that noise.
        """
        keys = self.built.experiment.evaluate.keys
        metrics = self.built.metrics
        ends = self._endpoints() if any("endpoints" in m.requires for m in metrics) else None
        rows = [self._row(row, metrics, ends, samples_folder) for row in planned_rows(self.built)]
        if samples_folder is not None and self.built.dataset.spec.shape == (2,):
            self._plane(samples_folder / "trajectories.png")
        frechet = next((m for m in metrics if m.key == "frechet_distance"), None)
        columns = [_column(metric) for metric in metrics]
        return {
            "rows": rows,
            "samples": keys.samples,
            "floor": next((c["floor"] for c in columns if c["key"] == "frechet_distance"), None),
            "feature_sha256": "" if frechet is None else frechet.identity(),
            "columns": columns,
            "headline_evaluations": keys.headline,
            "reference": f"teacher, {keys.reference_solver}, {keys.reference_steps} steps"
            if ends is not None
            else None,
            "seed": keys.seed,
            "weights": "ema",
        }

    def _starts(self) -> list[Start]:
        keys = self.built.experiment.evaluate.keys
        spec, device = self.built.dataset.spec, self.built.device
        return list(starts(spec, keys.seed, keys.samples, keys.batch_size, device))

    def _endpoints(self) -> list[Tensor]:
        """Ends of the teacher's ODE by the reference solver, a tensor (n, *) per batch."""
        keys = self.built.experiment.evaluate.keys
        solver, steps = self._reference_solver(), keys.reference_steps
        self.note(f"teacher's reference: {keys.reference_solver}, {steps} steps")
        field = self._field("teacher")
        return [draw(field, solver, start, steps) for start in self._starts()]

    def _reference_solver(self) -> Solver:
        return build(self.built.experiment.evaluate.reference)  # type: ignore[return-value]

    def _field(self, model: str) -> CountedField:
        b, guidance = self.built, self.built.experiment.guidance
        null = b.dataset.spec.num_classes
        if model == "student":
            return student_field(self.student.eval(), b.path, guidance, null)
        assert b.teacher is not None
        return teacher_field(b.teacher, guidance, null)

    def _row(
        self, row: Row, metrics: tuple[Metric, ...], ends: list[Tensor] | None, folder: Path | None
    ) -> dict[str, Any]:
        self.note(f"{row.model}, {row.solver.name}, evaluations: {row.evaluations}")
        field, solver = self._field(row.model), row.solver.solver
        accumulators = [metric.accumulator() for metric in metrics]
        shown: list[Tensor] = []
        wanted = self.built.experiment.evaluate.keys.picture
        for number, start in enumerate(self._starts()):
            before = field.evaluations
            samples = draw(field, solver, start, row.steps)
            if field.evaluations - before != row.evaluations:
                raise RunAborted(
                    f"solver {row.solver.name} claims {row.evaluations} evaluations in "
                    f"{row.steps} steps and made {field.evaluations - before}"
                )
            for accumulator in accumulators:
                accumulator.update(samples, None if ends is None else ends[number])
            if sum(map(len, shown)) < wanted:
                shown.append(samples.cpu())
        self._picture(row, shown, folder)
        values = {m.key: a.value() for m, a in zip(metrics, accumulators, strict=True)}
        return {
            "model": row.model,
            "solver": row.solver.name,
            "steps": row.steps,
            "evaluations": row.evaluations,
            **values,
        }

    def _picture(self, row: Row, shown: list[Tensor], folder: Path | None) -> None:
        if folder is None or not shown:
            return
        wanted = self.built.experiment.evaluate.keys.picture
        shown_first = torch.cat(shown)[:wanted].to(self.built.device)
        pictures = self.built.dataset.to_uint8(shown_first)
        if pictures is not None:
            save_grid(pictures.numpy(), folder / row.file_name)

    def _plane(self, file: Path) -> None:
        """The student's steps under the run's solver, 4 of them where the table has 4."""
        keys, solver = self.built.experiment.evaluate.keys, self.built.solver
        budget = 4 if 4 in keys.steps else max(keys.steps)
        teacher = None if self.built.teacher is None else self._field("teacher")
        draw_trajectories(
            self.built,
            self._field("student"),
            solver,
            max(1, solver.steps_within(budget)),
            teacher,
            self._reference_solver(),
            self._starts()[0],
            file,
        )


def _column(metric: Metric) -> dict[str, Any]:
    return {
        "key": metric.key,
        "title": metric.title,
        "lower_is_better": metric.lower_is_better,
        "floor": metric.floor(),
    }
