"""The search of one NFE: all solvers on all grids, then guidance for the best, then halving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import attrs

from secantfw.baselines.records import Candidate, Finalist
from secantfw.experiment.experiment import Chosen
from secantfw.experiment.schema import SEARCH_SEED
from secantfw.interfaces.metric import Metric
from secantfw.runtime.progress import Progress
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.search.candidates import Candidates, own_guidances, tried_guidances
from secantfw.search.halving import Scored, halve, measurements, scored
from secantfw.search.measure import Measurer

#: Solvers with their grids that are tried under every guidance.
_GUIDED = 10
#: Rungs of a metric that compares sample by sample, which has little noise.
_COMPARED_RUNGS = 3


@attrs.frozen(eq=False)
class Objective:
    """A metric to be the best in: of candidates under any guidance, or under one."""

    metric: Metric
    guidance: RowGuidance | None = None

    @property
    def key(self) -> str:
        return self.metric.key


def objectives(metrics: Sequence[Metric], guidances: Sequence[RowGuidance]) -> list[Objective]:
    """The first metric, and each that compares with the teacher's trajectories, which are other
    ones under every guidance.
    """
    found: list[Objective] = []
    for number, metric in enumerate(metrics):
        if "endpoints" in metric.requires:
            found += [Objective(metric, under) for under in guidances]
        elif number == 0:
            found.append(Objective(metric))
    return found


@attrs.frozen(eq=False)
class Search:
    """Searches with one measurer among `solvers`, on `rungs` samples, rising."""

    measurer: Measurer
    solvers: Sequence[Chosen]
    objectives: Sequence[Objective]
    rungs: Sequence[int]
    failed: Callable[[Candidate, str], None]

    def finalists(self, nfe: int) -> tuple[Finalist, ...]:
        """The best in each objective, the best first."""
        pool = self._pool(nfe)
        return tuple(
            finalist
            for objective in self.objectives
            for finalist in self._best(objective, pool, nfe)
        )

    def _pool(self, nfe: int) -> list[Candidate]:
        """Every solver on every grid, without guidance and under the experiment's own; and the
        best of them under each guidance that is tried.
        """
        built = self.measurer.built
        candidates, own = Candidates(built, nfe), own_guidances(built)
        pool = candidates.of(self.solvers, own, compared=len(self.objectives) > 1)
        first = self.objectives[0]
        if not built.dataset.spec.num_classes or first.guidance is not None:
            return pool
        ranked = self._scored(first, pool, f"{nfe} NFE, solvers and grids")
        best = list(dict.fromkeys(one.candidate.solver for one in ranked))[:_GUIDED]
        return pool + candidates.of(best, tried_guidances())

    def _scored(self, objective: Objective, pool: list[Candidate], what: str) -> list[Scored]:
        lower, samples = objective.metric.lower_is_better, self.rungs[0]
        with Progress(len(pool), 0, what) as progress:
            score = self._score(objective, progress)
            return scored(pool, samples, score, lower_is_better=lower)

    def _best(self, objective: Objective, pool: list[Candidate], nfe: int) -> Iterator[Finalist]:
        under = objective.guidance
        theirs = [c for c in pool if under is None or c.guidance == under]
        compares = "endpoints" in objective.metric.requires
        rungs = self.rungs[:_COMPARED_RUNGS] if compares else self.rungs
        lower = objective.metric.lower_is_better
        total, under_it = measurements(len(theirs), len(rungs)), str(under or "")
        what = f"{nfe} NFE, {objective.key} {under_it}".rstrip()
        with Progress(total, 0, what) as progress:
            score = self._score(objective, progress)
            for one in halve(theirs, rungs, score, lower_is_better=lower):
                yield Finalist(objective.key, one.candidate, one.samples, one.score)

    def _score(
        self, objective: Objective, progress: Progress
    ) -> Callable[[Candidate, int], float | None]:
        def score(candidate: Candidate, samples: int) -> float | None:
            metrics = self._metrics(candidate, samples)
            found = self.measurer.measure(candidate, metrics, [samples], SEARCH_SEED)
            progress.more(1)
            if found.failure:
                self.failed(candidate, found.failure)
                return None
            return found.values[samples][objective.key]

        return score

    def _metrics(self, candidate: Candidate, samples: int) -> list[Metric]:
        """Of every objective that may ask for the candidate on so many samples: drawn once."""
        compared = samples in self.rungs[:_COMPARED_RUNGS]
        found = {
            o.key: o.metric
            for o in self.objectives
            if o.guidance is None or (compared and o.guidance == candidate.guidance)
        }
        return list(found.values())
