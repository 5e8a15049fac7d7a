"""What a run directory holds, read once; every file but the directory itself may be absent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from secantfw.errors import UserError, printable
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.evaluation_file import read_evaluation
from secantfw.evaluation.publish import numbers_folder, pictures_folder
from secantfw.experiment.keys import shorten
from secantfw.reporting.sample_pictures import Gallery, read_gallery
from secantfw.reporting.training_log import TrainingLog, read_training_log
from secantfw.runtime.run_folder import RunFolder

_Kind: TypeAlias = type | tuple[type, ...]
_NUMBER = (int, float)
_NAMES: dict[_Kind, str] = {int: "an integer", str: "a text", list: "a list", _NUMBER: "a number"}
_COMPARED = frozenset({"evaluations"})  # of the training log
_PLAN: dict[str, _Kind] = {"title": str, "batch_size": int, "components": list}
_OUTCOME: dict[str, _Kind] = {
    "status": str,
    "message": str,
    "step": int,
    "seconds": _NUMBER,
    "peak_memory_bytes": int,
}


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


def read_run(run: Path, *, numbers_alone: bool = False) -> RunFiles:
    """Read what is there; or, of a run that is compared with thousands, its numbers alone.

    Raises:
        UserError: no such directory, or a file in it that is not what its name says.
    """
    if not run.is_dir():
        raise UserError(f"{printable(run)}: not a run directory: no such directory")
    folder, shown = RunFolder(run), RunFolder(numbers_folder(run))
    evaluation = shown.json("evaluation.json", nan=True)
    return RunFiles(
        name=run.name if numbers_alone else run.resolve().name,
        plan=_known(folder, "plan.json", _PLAN),
        environment={} if numbers_alone else folder.json("environment.json"),
        outcome=_known(folder, "outcome.json", _OUTCOME),
        evaluation=_evaluation(shown.path, evaluation) if evaluation else None,
        log=read_training_log(run / "metrics.jsonl", _COMPARED if numbers_alone else None),
        gallery=Gallery() if numbers_alone else read_gallery(pictures_folder(run)),
        resolved="" if numbers_alone else folder.text("resolved.toml"),
        references="" if numbers_alone else folder.text("references.bib"),
    )


def _evaluation(run: Path, content: Mapping[str, Any]) -> Evaluation:
    try:
        return read_evaluation(content)
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        place = printable(run / "evaluation.json")
        raise UserError(f"{place}: not an evaluation: {printable(repr(error))}") from error


def _known(folder: RunFolder, name: str, kinds: Mapping[str, _Kind]) -> Mapping[str, Any]:
    """The object in a file, if the values of the keys that are computed with are of their type."""
    content = folder.json(name)
    for key, kind in kinds.items():
        value = content.get(key)
        if value is not None and not (isinstance(value, kind) and not isinstance(value, bool)):
            place = printable(folder.path / name)
            raise UserError(f"{place}: {key}: expected {_NAMES[kind]}, got {shorten(repr(value))}")
    return content
