"""What came of a sweep, as runs to compare; one that failed is among them, with its error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

from secantfw.comparison.run_record import NOT_FINISHED, ComparedRun, read_compared
from secantfw.sweep.jobs import Job


def results(jobs: Sequence[Job], errors: Mapping[Job, str]) -> list[ComparedRun]:
    """A run for each job, point by point whatever the order they ended in."""
    ordered = sorted(jobs, key=_place_of(jobs).__getitem__)
    return [_result(job, errors.get(job, "")) for job in ordered]


def _place_of(jobs: Sequence[Job]) -> dict[Job, tuple[int, int]]:
    points = list(dict.fromkeys(job.point for job in jobs))
    return {job: (points.index(job.point), job.seed) for job in jobs}


def _result(job: Job, error: str) -> ComparedRun:
    run = job.finished() or job.newest()
    if run is None:
        settings = {"seed": str(job.seed)} if error else {}
        return ComparedRun(job.point.label, None, settings, error=error or "not run")
    found = read_compared(run)
    unknown = found.error in ("", NOT_FINISHED)  # else the run itself says more than its exit code
    return attrs.evolve(found, error=error or found.error) if unknown else found
