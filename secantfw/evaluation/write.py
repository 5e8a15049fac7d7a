"""Evaluate a run's average and leave evaluation.json and samples/*.png in its directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs

import secantfw
from secantfw.baselines.find import find_baselines
from secantfw.baselines.records import Baselines
from secantfw.evaluation.evaluate import Evaluator
from secantfw.evaluation.kept_rows import KeptRows
from secantfw.evaluation.publish import publish, settle
from secantfw.evaluation.sources import Sources
from secantfw.interfaces.backbone import Backbone
from secantfw.sampling.shard import WHOLE, Shard
from secantfw.training.build import Built


def evaluate_to(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    overrides: Sequence[str] = (),
) -> dict[str, Any]:
    """Evaluate and write; returns the content of evaluation.json, which names `overrides`.

    For who holds the run's lock.
    The evaluation before it stays whole until this one is complete. Rows that an evaluation of
    the same weights and settings had finished before it was killed are not measured again.
    """
    settle(directory)
    evaluator = _evaluator(directory, built, student, note)
    evaluator.run()
    evaluator.plane()
    evaluation = evaluator.content()
    if overrides:
        evaluation["overrides"] = " ".join(overrides)
    publish(directory, evaluator.kept.complete(evaluation))
    return evaluation


def evaluate_part(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    shard: Shard = WHOLE,
) -> None:
    """Finish the rows that fall to `shard`, for an `evaluate_to` that finds them."""
    _evaluator(directory, built, student, note).run(shard)


def _evaluator(
    directory: Path, built: Built, student: Backbone, note: Callable[[str], None]
) -> Evaluator:
    sources = Sources(built, student)
    baselines = find_baselines(built, note)
    return Evaluator(sources, note, KeptRows(directory, _key(sources, baselines)), baselines)


def _key(sources: Sources, baselines: Baselines | None) -> str:
    """A hash of what every row depends on: weights, experiment, protocols, secantfw's version;
    and of which rows there are.
    """
    digest = hashlib.sha256(f"{secantfw.__version__} {sources.built.experiment!r}".encode())
    digest.update(repr(None if baselines is None else baselines.finalists).encode())
    for metric in sources.built.metrics:
        digest.update(json.dumps(attrs.asdict(metric.protocol())).encode())
    for name, tensor in sources.student.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
