"""One run as it is compared: its settings, its numbers, what it spent; or why there are none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import attrs

from secantfw.comparison.settings import read_settings
from secantfw.evaluation.evaluation import Evaluation
from secantfw.experiment.read import RESOLVED
from secantfw.reporting.run_files import RunFiles, read_run
from secantfw.runtime.run_directory import open_run

NOT_FINISHED = "not finished"


@attrs.frozen(eq=False)
class ComparedRun:
    """What is known of a run; `settings` are its resolved values as TOML, by dotted key."""

    label: str
    directory: Path | None
    settings: Mapping[str, str]
    evaluation: Evaluation | None = None
    images: int | None = None  # training samples seen
    passes: str = ""  # `3F 1B`: evaluations of a training sample
    evaluations: float | None = None  # of all networks, forward, in the whole training
    error: str = ""

    @property
    def seed(self) -> str:
        return self.settings.get("seed", "")


def read_compared(directory: Path) -> ComparedRun:
    """The run in `directory`; one that did not finish, or was not evaluated, says so in `error`.

    Raises:
        UserError: not a run directory, or a file in it that cannot be read as what it is.
    """
    directory = open_run(directory)
    settings = read_settings(directory / RESOLVED)
    run = read_run(directory, numbers_alone=True)
    images = _images(run, settings)
    per_image = run.log.typical("evaluations")
    return ComparedRun(
        label=directory.name,
        directory=directory,
        settings=settings,
        evaluation=run.evaluation if run.evaluation and run.evaluation.rows else None,
        images=images,
        passes=str(run.plan.get("evaluations_per_step") or ""),
        evaluations=None if per_image is None or images is None else per_image * images,
        error=_error(run),
    )


def _images(run: RunFiles, settings: Mapping[str, str]) -> int | None:
    step = run.outcome.get("step", run.log.last_step)
    batch = settings.get("train.batch_size")
    return None if step is None or batch is None else int(step) * int(batch)


def _error(run: RunFiles) -> str:
    status = run.outcome.get("status")
    if status is None:
        return NOT_FINISHED
    if status != "finished":
        return str(run.outcome.get("message") or status)
    return "" if run.evaluation and run.evaluation.rows else "not evaluated"
