"""What the teacher reaches in many steps, at its best guidance of a few."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import attrs

from secantfw.assembly.build import build
from secantfw.assembly.planned_rows import nfe_counter
from secantfw.baselines.records import Candidate, CeilingValues
from secantfw.discovery.registry import Registry
from secantfw.experiment.components import choose_from
from secantfw.experiment.experiment import Chosen
from secantfw.experiment.schema import SEARCH_SEED
from secantfw.interfaces.metric import Metric
from secantfw.interfaces.solver import Solver
from secantfw.runtime.progress import Progress
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.search.candidates import own_guidances, tried_guidances
from secantfw.search.halving import Score, scored
from secantfw.search.measure import Measurer

#: By bare name: the core knows no plug-in, but the teacher has to be solved by something.
_SOLVERS = ("midpoint", "euler")
#: Guidances that are left after the first samples.
_LEFT = 4


@attrs.frozen
class CeilingPlan:
    """Every solver takes as many steps as `calls` of the teacher allow; guidance is chosen on
    `chosen_by` samples with the fewest calls of Euler's method, values are of the first `samples`
    of each of `seeds` noises.
    """

    calls: tuple[int, ...]
    chosen_by: tuple[int, ...]
    samples: tuple[int, ...]
    seeds: int = 1


def ceilings(
    measurer: Measurer,
    registry: Registry,
    metrics: Sequence[Metric],
    plan: CeilingPlan,
    failed: Callable[[Candidate, str], None],
) -> tuple[CeilingValues, ...]:
    """Of the metrics that compare with no trajectory; none if there is no such metric."""
    plain = [metric for metric in metrics if "endpoints" not in metric.requires]
    if not plain or not plan.calls:
        return ()
    solvers = [choose_from(registry, "solver", {"use": name}) for name in _SOLVERS]
    under = _best_guidance(measurer, solvers[-1], plain[0], plan)
    found: list[CeilingValues] = []
    planned = [_candidate(measurer, s, n, under) for s in solvers for n in plan.calls]
    with Progress(len(planned), 0, "ceiling") as progress:
        for candidate in planned:
            values = _values(measurer, candidate, plain, plan, failed)
            found += values
            progress.more(1)
    return tuple(found)


def _best_guidance(
    measurer: Measurer, solver: Chosen, metric: Metric, plan: CeilingPlan
) -> RowGuidance:
    """Of all that are tried; `plan.chosen_by` samples, the best few of them on more."""
    own = own_guidances(measurer.built)
    tried = tried_guidances() if measurer.built.dataset.spec.num_classes else []
    left = [
        _candidate(measurer, solver, min(plan.calls), under)
        for under in dict.fromkeys([*own, *tried])
    ]
    if len(left) == 1:
        return own[0]
    for samples in plan.chosen_by:
        with Progress(len(left), 0, f"guidance of the ceiling, {samples} samples") as progress:
            score = _score(measurer, metric, progress)
            best = scored(left, samples, score, lower_is_better=metric.lower_is_better)
        left = [one.candidate for one in best[:_LEFT]]
    return left[0].guidance if left else own[0]


def _score(measurer: Measurer, metric: Metric, progress: Progress) -> Score:
    def score(candidate: Candidate, samples: int) -> float | None:
        found = measurer.measure(candidate, [metric], [samples], SEARCH_SEED)
        progress.more(1)
        return None if found.failure else found.values[samples][metric.key]

    return score


def _values(
    measurer: Measurer,
    candidate: Candidate,
    metrics: Sequence[Metric],
    plan: CeilingPlan,
    failed: Callable[[Candidate, str], None],
) -> list[CeilingValues]:
    """By the number of samples; noises that chose nothing."""
    seeds = range(SEARCH_SEED + 1, SEARCH_SEED + 1 + plan.seeds)
    measured = [measurer.measure(candidate, metrics, plan.samples, seed) for seed in seeds]
    wrong = next((one.failure for one in measured if one.failure), "")
    if wrong:
        failed(candidate, wrong)
        return []
    return [
        CeilingValues(
            candidate,
            n,
            plan.seeds,
            {
                metric.key: statistics.fmean(one.values[n][metric.key] for one in measured)
                for metric in metrics
            },
        )
        for n in plan.samples
    ]


def _candidate(measurer: Measurer, chosen: Chosen, calls: int, under: RowGuidance) -> Candidate:
    solver: Solver = build(chosen)  # type: ignore[assignment]
    steps = solver.steps_within(calls)
    nfe = nfe_counter(measurer.built, "teacher", under).nfe(solver, steps)
    return Candidate(chosen, steps, nfe, under)
