"""Evaluate a run's average and leave evaluation.json and samples/*.png in its directory."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from secantfw.evaluation.evaluate import Evaluator
from secantfw.interfaces.backbone import Backbone
from secantfw.training.build import Built
from secantfw.training.files import write_json


def evaluate_to(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Evaluate and write; returns the content of evaluation.json, which names `overrides`.

    The evaluation before it stays whole until this one is complete.
    """
    fresh = directory / ".samples"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        evaluation = Evaluator(built, student, note).run(fresh)
        if overrides:
            evaluation["overrides"] = " ".join(overrides)
        shutil.rmtree(directory / "samples", ignore_errors=True)
        fresh.rename(directory / "samples")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    write_json(directory / "evaluation.json", evaluation)
    return evaluation
