"""What every row of an evaluation is made from: noise, fields and the reference solver."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import attrs
import torch

from secantfw.assembly.build import Built, build
from secantfw.assembly.row import Model, PlannedRow
from secantfw.experiment.schema import EvaluateKeys
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.metric import Metric, NetworkMetric
from secantfw.interfaces.solver import Solver
from secantfw.sampling.draw import Start, start_of, starts
from secantfw.sampling.field import CountedField, student_field, teacher_field
from secantfw.sampling.grid_options import GridOptions
from secantfw.sampling.precision import AUTOCAST
from secantfw.sampling.reference import TRIED, Reference, choose_reference
from secantfw.sampling.row_guidance import RowGuidance, student_guidances


@attrs.frozen
class FoundReference:
    """A reference solution's steps, and its error if it was estimated."""

    steps: int
    error: float | None


@attrs.frozen(eq=False, slots=False)
class Sources:
    """`student` (the average) and what else an experiment evaluates."""

    built: Built
    student: Backbone
    _references: dict[RowGuidance, Reference] = attrs.field(factory=dict, init=False)

    @property
    def keys(self) -> EvaluateKeys:
        return self.built.experiment.evaluate.keys

    @property
    def seeds(self) -> tuple[int, ...]:
        return self.keys.seeds or (self.keys.seed,)

    def reference(self, under: RowGuidance) -> Reference:
        """What stands for the teacher's exact ODE under this guidance.

        A function of the experiment alone: every process, and every part of an evaluation, finds
        the same on the first samples of the first seed.
        """
        if under not in self._references:
            keys, spec = self.keys, self.built.dataset.spec
            few = starts(spec, self.seeds[0], TRIED, keys.compute_batch, self.built.device)
            self._references[under] = choose_reference(
                self.exact(under),
                build(self.built.experiment.evaluate.reference),  # type: ignore[arg-type]
                list(few),
                keys.reference_steps,
                keys.reference_tolerance,
            )
        return self._references[under]

    def references(self) -> list[FoundReference]:
        """What was chosen under each guidance, as another process takes it; nothing where no
        metric compares."""
        if not self.network_metrics and all("endpoints" not in m.requires for m in self.metrics):
            return []
        chosen = [self.reference(under) for under in self.guidances]
        return [FoundReference(one.steps, one.error) for one in chosen]

    def take(self, references: Sequence[FoundReference]) -> None:
        """Take what another process has chosen: it finds the same."""
        solver: Solver = build(self.built.experiment.evaluate.reference)  # type: ignore[assignment]
        for under, found in zip(self.guidances, references, strict=False):
            tolerance = 0.0 if found.error is None else self.keys.reference_tolerance
            self._references[under] = Reference(solver, found.steps, tolerance, found.error)

    def truth(self, under: RowGuidance) -> str:
        """The reference solution in words, as far as numbers that are compared must share it."""
        return f"{self._teacher_by}, {self.reference(under).compared()}"

    def truth_found(self, guidances: Iterable[RowGuidance]) -> str:
        """The reference solution with its steps and its error, under each guidance."""
        texts = {under: self.reference(under).text() for under in guidances}
        if len(set(texts.values())) == 1:
            return f"{self._teacher_by}, {next(iter(texts.values()))}"
        return f"{self._teacher_by}, " + "; ".join(
            f"w={under.scale:g}: {t}" for under, t in texts.items()
        )

    @property
    def _teacher_by(self) -> str:
        """The solver, and its grid where that is not the uniform one."""
        chosen = self.built.experiment.evaluate.reference
        options = chosen.options
        grid = options.grid_text() if isinstance(options, GridOptions) else "uniform"
        return f"teacher, {chosen.full_name}{'' if grid == 'uniform' else f' on {grid}'}"

    @cached_property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of samples."""
        return tuple(metric for metric in self.built.metrics if isinstance(metric, Metric))

    @cached_property
    def network_metrics(self) -> tuple[NetworkMetric, ...]:
        """Those of the student itself."""
        return tuple(metric for metric in self.built.metrics if isinstance(metric, NetworkMetric))

    def metrics_of(self, row: PlannedRow) -> tuple[Metric, ...]:
        """Those of the row: a baseline under other guidance follows another ODE, and is compared
        with the ends of none.
        """
        if row.guidance in self.guidances:
            return self.metrics
        return tuple(metric for metric in self.metrics if "endpoints" not in metric.requires)

    @property
    def guidances(self) -> tuple[RowGuidance, ...]:
        """Under which the student is evaluated."""
        return student_guidances(self.built.experiment)

    def start(self, seed: int, numbers: range) -> Start:
        """The same noise and labels for every row, of the compute block that begins `numbers`."""
        spec, rows = self.built.dataset.spec, self.keys.compute_batch
        return start_of(spec, seed, numbers, rows, self.built.device)

    def field(self, model: Model, under: RowGuidance) -> CountedField:
        """What a row samples: the student or the teacher under this guidance, its NFE counted, by
        `evaluate.precision`."""
        dtype = AUTOCAST[self.keys.precision]
        if model == "teacher":
            return self._teacher(under, dtype)
        guidance = under.applied_to(self.built.experiment.guidance)
        null = self.built.dataset.spec.num_classes
        return student_field(self.student.eval(), self.built.path, guidance, null, dtype)

    def exact(self, under: RowGuidance) -> CountedField:
        """The teacher whose ODE is solved for the truth: in float32 whatever the precision."""
        return self._teacher(under, None)

    def _teacher(self, under: RowGuidance, dtype: torch.dtype | None) -> CountedField:
        assert self.built.teacher is not None
        guidance = under.applied_to(self.built.experiment.guidance)
        return teacher_field(
            self.built.teacher, guidance, self.built.dataset.spec.num_classes, dtype
        )
