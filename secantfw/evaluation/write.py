"""Evaluate a run's average and leave evaluation.json and samples/*.png in its directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from secantfw.evaluation.evaluate import Evaluator
from secantfw.interfaces.backbone import Backbone
from secantfw.plugin.loader import Plugins
from secantfw.training.build import Built
from secantfw.training.files import write_json


def evaluate_to(
    directory: Path, built: Built, student: Backbone, plugins: Plugins, note: Callable[[str], None]
) -> dict[str, Any]:
    """Evaluate and write; returns the content of evaluation.json."""
    from secantfw.training.run import solver_named

    evaluator = Evaluator(built, student, lambda name: solver_named(plugins, name), note)
    pictures = directory / "samples"
    pictures.mkdir(exist_ok=True)
    for stale in pictures.glob("*.png"):  # of an evaluation with other steps or solvers
        stale.unlink()
    evaluation = evaluator.run(pictures)
    write_json(directory / "evaluation.json", evaluation)
    return evaluation
