"""Sampling the teacher by a candidate, and measuring the samples; what was measured is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import Tensor

from secantfw.assembly.build import Built, build
from secantfw.baselines.records import Candidate
from secantfw.baselines.tables import solver_table
from secantfw.errors import RunAborted
from secantfw.evaluation.observing import Tally, observed
from secantfw.interfaces.metric import Metric
from secantfw.interfaces.solver import Solver
from secantfw.sampling.draw import Start, draw, starts
from secantfw.sampling.field import CountedField, teacher_field
from secantfw.sampling.reference import TRIED, choose_reference
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.search.endpoints import Endpoints
from secantfw.search.journal import Journal, Measurement


@attrs.frozen(eq=False)
class Measurer:
    """Measures candidates of an experiment's teacher; the ends of its ODE go to `folder`."""

    built: Built
    journal: Journal
    folder: Path

    def measure(
        self, candidate: Candidate, metrics: Sequence[Metric], counts: Sequence[int], seed: int
    ) -> Measurement:
        """The metrics of the first n samples of `seed`, for each n of `counts`, rising."""
        key = {
            "solver": solver_table(candidate.solver),
            "steps": candidate.steps,
            "guidance": [candidate.guidance.scale, *candidate.guidance.interval],
            "metrics": [metric.key for metric in metrics],
            "samples": list(counts),
            "seed": seed,
        }
        known = self.journal.get(key)
        if known is None:
            known = self._measured(candidate, metrics, counts, seed)
            self.journal.put(key, known)
        return known

    def _measured(
        self, candidate: Candidate, metrics: Sequence[Metric], counts: Sequence[int], seed: int
    ) -> Measurement:
        try:
            return Measurement(self._values(candidate, metrics, counts, seed))
        except (torch.OutOfMemoryError, OSError):
            raise  # nothing that the candidate can help
        except Exception as error:
            first = next(iter(str(error).splitlines()), "")
            return Measurement(failure=f"{type(error).__name__}: {first}")

    def _values(
        self, candidate: Candidate, metrics: Sequence[Metric], counts: Sequence[int], seed: int
    ) -> Mapping[int, Mapping[str, float]]:
        compares = any("endpoints" in metric.requires for metric in metrics)
        ends = self._endpoints(candidate.guidance, counts[-1], seed) if compares else None
        size = self.built.experiment.evaluate.keys.batch_size
        tallies = {n: [Tally(m, size, self.built.device) for m in metrics] for n in counts}
        first = 0
        for samples in grouped(self._samples(candidate, counts[-1], seed), size):
            numbers = range(first, first + len(samples))
            theirs = None if ends is None else ends.read(numbers, samples.device)
            block = observed(metrics, samples, theirs, size)
            for n in counts:
                wanted = max(0, min(n - first, len(samples)))
                for tally in tallies[n] if wanted else ():
                    tally.take({name: tensor[:wanted] for name, tensor in block.items()})
            first = numbers.stop
        return {
            n: {m.key: one.value() for m, one in zip(metrics, each, strict=True)}
            for n, each in tallies.items()
        }

    def _samples(self, candidate: Candidate, count: int, seed: int) -> Iterator[Tensor]:
        """The samples of each compute block, in order."""
        field = self._field(candidate.guidance)
        solver: Solver = build(candidate.solver)  # type: ignore[assignment]
        for start in self._starts(seed, count):
            before = field.nfe
            samples = draw(field, solver, start, candidate.steps)
            if field.nfe - before != candidate.nfe:
                raise RunAborted(f"claims {candidate.nfe} NFE and made {field.nfe - before}")
            yield samples[: len(start.numbers)]

    def _endpoints(self, guidance: RowGuidance, count: int, seed: int) -> Endpoints:
        """Ends of the teacher's ODE by the experiment's reference solver."""
        keys = self.built.experiment.evaluate
        name = f"ends-{count}-{seed}-{'_'.join(map(str, attrs.astuple(guidance)))}.npy"
        ends = Endpoints(self.folder / _plain(name), self.built.dataset.spec, count)
        if not ends.complete:
            solver: Any = build(keys.reference)
            field, few = self._field(guidance), list(self._starts(seed, TRIED))
            least, tolerance = keys.keys.reference_steps, keys.keys.reference_tolerance
            reference = choose_reference(field, solver, few, least, tolerance)
            ends.fill(field, solver, reference.steps, partial(self._starts, seed, count))
        return ends

    def _starts(self, seed: int, count: int) -> Iterator[Start]:
        rows = self.built.experiment.evaluate.keys.compute_batch
        return starts(self.built.dataset.spec, seed, count, rows, self.built.device)

    def _field(self, under: RowGuidance) -> CountedField:
        built = self.built
        assert built.teacher is not None
        guidance = under.applied_to(built.experiment.guidance)
        return teacher_field(built.teacher, guidance, built.dataset.spec.num_classes)


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


def _plain(name: str) -> str:
    return name.replace("(", "").replace(")", "").replace(", ", "_")
