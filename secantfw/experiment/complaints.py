"""Problems that only two keys together show, and that need no torch to see."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from secantfw.experiment.experiment import Experiment
from secantfw.experiment.keys import KeyPath, shown
from secantfw.experiment.schema import SEARCH_SEED

Complaint: TypeAlias = tuple[KeyPath, str]
_DEVICE = re.compile(r"auto|(cpu|cuda|hpu|mps|mtia|npu|xpu)(:[0-9]{1,3})?")
_OR_NONE = ", got none; to train without an evaluation write evaluate.samples = 0"


def complaints(experiment: Experiment) -> Iterator[Complaint]:
    """What is wrong with a structured experiment, by the key to mend."""
    yield from _guidance(experiment)
    yield from _train(experiment)
    yield from _evaluate(experiment)
    if experiment.init == "teacher" and experiment.teacher_weights() is None:
        what = "'teacher', but no [teacher] has weights to start from; expected 'scratch'"
        yield ("backbone", "init"), what
    if (experiment.init == "weights") != (experiment.student_weights() is not None):
        what = f"{experiment.init!r}, and backbone.weights is "
        what += "given; expected 'weights'" if experiment.student_weights() else "not given"
        yield ("backbone", "init"), what


def _guidance(experiment: Experiment) -> Iterator[Complaint]:
    guidance = experiment.guidance
    if guidance.range is not None and guidance.range[0] > guidance.range[1]:
        low, high = guidance.range
        yield ("guidance", "range"), f"expected [low, high] with low <= high, got [{low}, {high}]"
    if guidance.interval_in_training and guidance.range is None:
        what = "has no effect without guidance.range; give one, such as [2.0, 2.0]"
        yield ("guidance", "interval_in_training"), what
    teachers = experiment.evaluate.keys.teacher_interval
    for key, given in (
        (("guidance", "interval"), guidance.interval),
        (("evaluate", "teacher_interval"), teachers),
    ):
        if given is not None and given[0] >= given[1]:
            yield key, f"expected [lo, hi] with lo < hi, got [{given[0]}, {given[1]}]"


def _train(experiment: Experiment) -> Iterator[Complaint]:
    train = experiment.train
    if not _DEVICE.fullmatch(train.device):
        known = "'auto', 'cpu', or an accelerator such as 'cuda', 'cuda:1', 'xpu'"
        yield ("train", "device"), f"expected {known}, got {shown(train.device)}"
    if train.warmup_steps > train.steps:
        what = f"expected at most train.steps = {train.steps}, got {train.warmup_steps}"
        yield ("train", "warmup_steps"), what
    if train.micro_batch_size is not None and train.micro_batch_size > train.batch_size:
        what = (
            f"expected at most train.batch_size = {train.batch_size}, got {train.micro_batch_size}"
        )
        yield ("train", "micro_batch_size"), what
    if train.schedule == "cosine" and train.final_learning_rate > train.learning_rate:
        what = (
            f"expected at most train.learning_rate = {train.learning_rate}, "
            f"got {train.final_learning_rate}"
        )
        yield ("train", "final_learning_rate"), what


def _evaluate(experiment: Experiment) -> Iterator[Complaint]:
    keys, solvers = experiment.evaluate.keys, experiment.evaluate.solvers
    if keys.samples > 0 and not keys.nfe:
        yield ("evaluate", "nfe"), f"expected at least one NFE{_OR_NONE}"
    if keys.samples > 0 and not solvers:
        yield ("evaluate", "solvers"), f"expected at least one solver{_OR_NONE}"
    for name, seeds in (("seed", (keys.seed,)), ("seeds", keys.seeds)):
        if SEARCH_SEED in seeds:
            what = f"{SEARCH_SEED} is the seed by which baselines are chosen; take another"
            yield ("evaluate", name), what
    for name in ("nfe", "seeds", "guidance"):
        given = getattr(keys, name)
        repeated = sorted({n for n in given if given.count(n) > 1})
        if repeated:
            yield ("evaluate", name), f"{repeated[0]} is given twice"
