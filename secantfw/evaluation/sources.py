"""What every row of an evaluation is made from: noise, fields and the reference solver."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import attrs

from secantfw.evaluation.row_guidance import RowGuidance
from secantfw.evaluation.rows import Model, Row
from secantfw.experiment.schema import EvaluateKeys
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.metric import Metric, NetworkMetric
from secantfw.interfaces.solver import Solver
from secantfw.sampling.draw import Start, starts
from secantfw.sampling.field import CountedField, student_field, teacher_field
from secantfw.training.build import Built, build


@attrs.frozen(eq=False, slots=False)
class Sources:
    """`student` (the average) and what else an experiment evaluates."""

    built: Built
    student: Backbone

    @property
    def keys(self) -> EvaluateKeys:
        return self.built.experiment.evaluate.keys

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.keys.seeds or (self.keys.seed,)

    @property
    def truth(self) -> str:
        """What stands for the teacher's exact ODE, in words."""
        return f"teacher, {self.keys.reference_solver}, {self.keys.reference_steps} steps"

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of samples."""
        return tuple(metric for metric in self.built.metrics if isinstance(metric, Metric))

    @cached_property
    def network_metrics(self) -> tuple[NetworkMetric, ...]:
        """Those of the student itself."""
        return tuple(metric for metric in self.built.metrics if isinstance(metric, NetworkMetric))

    def metrics_of(self, row: Row) -> tuple[Metric, ...]:
        """Those of the row: a baseline under other guidance follows another ODE, and is compared
        with the ends of none.
        """
        if row.guidance in self.guidances:
            return self.metrics
        return tuple(metric for metric in self.metrics if "endpoints" not in metric.requires)

    @property
    def guidances(self) -> tuple[RowGuidance, ...]:
        """Under which the student is evaluated."""
        guidance = self.built.experiment.guidance
        scales = self.keys.guidance or (guidance.scale,)
        return tuple(RowGuidance(scale, guidance.interval) for scale in scales)

    def starts(self, seed: int) -> Iterator[Start]:
        """The same noise and labels for every row, a compute block at a time."""
        spec, keys = self.built.dataset.spec, self.keys
        return starts(spec, seed, keys.samples, keys.compute_batch, self.built.device)

    def reference_solver(self) -> Solver:
        return build(self.built.experiment.evaluate.reference)  # type: ignore[return-value]

    def field(self, model: Model, under: RowGuidance) -> CountedField:
        """The student or the teacher under this guidance, its NFE counted."""
        built = self.built
        guidance = attrs.evolve(
            built.experiment.guidance, scale=under.scale, interval=under.interval
        )
        null = built.dataset.spec.num_classes
        if model == "student":
            return student_field(self.student.eval(), built.path, guidance, null)
        assert built.teacher is not None
        return teacher_field(built.teacher, guidance, null)
