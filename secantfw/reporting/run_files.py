"""What a run directory holds, read once; every file but the directory itself may be absent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from secantfw.errors import UserError
from secantfw.reporting.evaluation_rows import Evaluation
from secantfw.reporting.read_evaluation import read_evaluation
from secantfw.reporting.sample_pictures import Gallery, read_gallery
from secantfw.reporting.training_log import TrainingLog, read_training_log


@attrs.frozen
class RunFiles:
    """The parts of a run that its report is made of."""

    name: str
    plan: Mapping[str, Any]
    environment: Mapping[str, Any]
    outcome: Mapping[str, Any]
    evaluation: Evaluation | None
    log: TrainingLog
    gallery: Gallery
    resolved: str
    references: str = ""  # BibTeX

    @property
    def title(self) -> str:
        return str(self.plan.get("title") or self.name)


def read_run(run: Path) -> RunFiles:
    """Read what is there.

    Raises:
        UserError: no such directory, or a file in it that is not what its name says.
    """
    if not run.is_dir():
        raise UserError(f"{run}: not a run directory: no such directory")
    evaluation = _json(run / "evaluation.json")
    return RunFiles(
        name=run.resolve().name,
        plan=_json(run / "plan.json"),
        environment=_json(run / "environment.json"),
        outcome=_json(run / "outcome.json"),
        evaluation=_evaluation(run, evaluation) if evaluation else None,
        log=read_training_log(run / "metrics.jsonl"),
        gallery=read_gallery(run / "samples"),
        resolved=_text(run / "resolved.toml"),
        references=_text(run / "references.bib"),
    )


def _evaluation(run: Path, content: Mapping[str, Any]) -> Evaluation:
    try:
        return read_evaluation(content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{run / 'evaluation.json'}: not an evaluation: {error!r}") from error


def _text(file: Path) -> str:
    """Its text; empty where it is not there."""
    if not file.is_file():
        return ""
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{file}: not UTF-8 text") from error


def _json(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        return {}
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise UserError(f"{file}: not JSON: {error}") from error
    if not isinstance(content, dict):
        raise UserError(f"{file}: a JSON object was expected, found {type(content).__name__}")
    return content
