"""index.json: what a sweep consists of and how far each run is; rewritten after every change."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from secantfw.runtime.files import write_json
from secantfw.sweep.jobs import Job
from secantfw.sweep.sweep_file import SweepPlan


def write_index(
    root: Path, plan: SweepPlan, jobs: Sequence[Job], errors: Mapping[Job, str], active: set[Job]
) -> None:
    """Write it; paths in it start at its folder, so that the sweep can be moved."""
    write_json(
        root / "index.json",
        {
            "sweep": str(plan.file),
            "experiment": str(plan.experiment),
            "jobs": [_entry(root, job, errors.get(job, ""), job in active) for job in jobs],
        },
    )


def _entry(root: Path, job: Job, error: str, active: bool) -> dict[str, Any]:
    finished = job.finished()
    run = finished or job.newest()
    status = "finished" if finished else "failed" if error else "running" if active else "waiting"
    return {
        "point": job.point.label,
        "seed": job.seed,
        "status": status,
        "error": error,
        "overrides": list(job.overrides),
        "folder": os.path.relpath(job.folder, root),
        "run": None if run is None else os.path.relpath(run, root),
    }
