"""Evaluate a run's average and leave evaluation.json and samples/*.png in its directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from secantfw.assembly.build import Built
from secantfw.baselines.find import find_baselines
from secantfw.baselines.records import Baselines
from secantfw.evaluation.evaluate import Evaluator
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.kept_rows import KeptRows
from secantfw.evaluation.publish import publish, settle
from secantfw.evaluation.share import Share, share_of
from secantfw.evaluation.sources import Sources
from secantfw.interfaces.backbone import Backbone
from secantfw.parallel.group import ALONE, Group
from secantfw.sampling.shard import WHOLE, Shard
from secantfw.version import __version__


def evaluate_to(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    overrides: Sequence[str] = (),
) -> Evaluation:
    """Evaluate and write; returns the evaluation, which names `overrides`.

    For who holds the run's lock. The evaluation before it stays whole until this one is complete.
    What an evaluation of the same weights and settings had made before it was killed is not made
    again: rows, and blocks of a row.
    """
    evaluation = evaluate_in(ALONE, directory, built, student, note, overrides)
    assert evaluation is not None
    return evaluation


def evaluate_in(
    group: Group,
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    overrides: Sequence[str] = (),
) -> Evaluation | None:
    """`evaluate_to`, of which each process of `group` does its share: they all call it, and only
    the main one is given the evaluation.
    """
    with group.apart():
        if group.is_main:
            settle(directory)
    evaluator = _evaluator(directory, built, student, note, group)
    evaluator.run(share_of(group))
    with group.apart():
        return _written(directory, evaluator, overrides) if group.is_main else None


def _written(directory: Path, evaluator: Evaluator, overrides: Sequence[str]) -> Evaluation:
    evaluator.plane()
    evaluation = evaluator.evaluation(" ".join(overrides))
    publish(directory, evaluator.kept.complete(evaluation))
    return evaluation


def evaluate_part(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    shard: Shard = WHOLE,
) -> None:
    """Make the blocks that fall to `shard`, for an `evaluate_to` that finds them."""
    _evaluator(directory, built, student, note).run(Share(shard, measures=False))


def _evaluator(
    directory: Path,
    built: Built,
    student: Backbone,
    note: Callable[[str], None],
    group: Group = ALONE,
) -> Evaluator:
    """The main process finds the key, which may take what the metrics compare with, and the last
    one the teacher's reference solution: neither is found twice."""
    sources = Sources(built, student)
    baselines = find_baselines(built, note)
    is_last = group.processes.rank == group.size - 1
    with group.apart():
        key = _key(sources, baselines) if group.is_main else ""
        references = sources.references() if is_last and group.size > 1 else []
    if group.size > 1:
        sources.take(group.gather(references)[-1])
    return Evaluator(sources, note, KeptRows(directory, group.from_main(key)), baselines)


def _key(sources: Sources, baselines: Baselines | None) -> str:
    """A hash of what every row depends on: weights, experiment, protocols, secantfw's version;
    and of which rows there are.
    """
    digest = hashlib.sha256(f"{__version__} {sources.built.experiment!r}".encode())
    digest.update(repr(None if baselines is None else baselines.finalists).encode())
    for metric in sources.built.metrics:
        digest.update(json.dumps(attrs.asdict(metric.protocol())).encode())
    for name, tensor in sources.student.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().float().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]
