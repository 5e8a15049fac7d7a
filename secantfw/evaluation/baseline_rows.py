"""Rows of a search's finalists, and the teacher's ceiling, in the evaluation of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from secantfw.assembly.build import build
from secantfw.assembly.planned_rows import nfe_counter
from secantfw.assembly.row import NamedSolver, PlannedRow
from secantfw.baselines.records import (
    Baselines,
    Candidate,
    CeilingValues,
    Finalist,
)
from secantfw.evaluation.evaluation import Ceiling
from secantfw.evaluation.sources import Sources
from secantfw.experiment.experiment import Chosen
from secantfw.interfaces.metric import Metric
from secantfw.interfaces.solver import Solver
from secantfw.sampling.row_guidance import RowGuidance
from secantfw.sampling.solver_text import solver_text


def protocol_text(metric: Metric) -> dict[str, str]:
    """The fields of a metric's protocol that say something."""
    return {key: value for key, value in attrs.asdict(metric.protocol()).items() if value}


def baseline_rows(
    sources: Sources, baselines: Baselines, planned: Sequence[PlannedRow]
) -> list[PlannedRow]:
    """The finalists of each NFE of the table, but for those that it has a row of."""
    keys = sources.keys
    if not keys.teacher:
        return []
    there = {(r.solver.chosen, r.steps, r.guidance) for r in planned if r.model == "teacher"}
    found: dict[tuple[Chosen, int, RowGuidance], PlannedRow] = {}
    for budget in keys.nfe:
        for finalist in _chosen(sources, baselines.at(budget)):
            row = _row(sources, finalist.candidate)
            key = (finalist.candidate.solver, row.steps, row.guidance)
            if key not in there and row.nfe is not None and row.nfe <= budget:
                found.setdefault(key, row)
    rows: list[PlannedRow] = []
    for row in found.values():
        place = 1 + sum(other.nfe == row.nfe for other in rows)
        rows.append(attrs.evolve(row, place=place))
    return sorted(rows, key=lambda row: (row.nfe or 0, row.place))


def _chosen(sources: Sources, finalists: Sequence[Finalist]) -> Iterator[Finalist]:
    """The first few in each metric of the run; of one that compares, those under its guidance."""
    for metric in sources.metrics:
        mine = [f for f in finalists if f.objective == metric.key]
        if "endpoints" in metric.requires:
            for under in sources.guidances:
                same = [f for f in mine if f.candidate.guidance == under]
                yield from same[: sources.keys.finalists]
        else:
            yield from mine[: sources.keys.finalists]


def _row(sources: Sources, c: Candidate) -> PlannedRow:
    """Its NFE is counted again: the solver may have changed since the search."""
    solver: Solver = build(c.solver)  # type: ignore[assignment]
    text = solver_text(c.solver.options)
    named = NamedSolver(c.solver.component.name, solver, text, c.solver)
    nfe = nfe_counter(sources.built, "teacher", c.guidance).nfe(solver, c.steps)
    return PlannedRow("teacher", named, c.steps, nfe, c.guidance, place=1)


def comparable_ceiling(sources: Sources, baselines: Baselines) -> Ceiling | None:
    """`ceiling` of evaluation.json: the best by the first metric that can be compared.

    Frechet distances depend on the number of samples: it must be the evaluation's, and the
    metric's protocol that of the search. None where nothing can be compared.
    """
    comparable = [
        metric
        for metric in sources.metrics
        if baselines.protocols.get(metric.key) == protocol_text(metric)
    ]
    found = [c for c in baselines.ceilings if c.samples == sources.keys.samples]
    for metric in comparable:
        with_it = [c for c in found if metric.key in c.values]
        if with_it:
            best = _best(with_it, metric)
            values = {m.key: best.values[m.key] for m in comparable if m.key in best.values}
            return Ceiling(best.name, values)
    return None


def _best(found: Sequence[CeilingValues], metric: Metric) -> CeilingValues:
    sign = 1 if metric.lower_is_better else -1
    return min(found, key=lambda one: sign * one.values[metric.key])
