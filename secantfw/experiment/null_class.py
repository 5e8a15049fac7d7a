"""The null class of a student that is guided by two calls. Imports no torch."""

from __future__ import annotations

from collections.abc import Iterator

from secantfw.errors import Problem
from secantfw.experiment.experiment import Experiment


def scales_of(e: Experiment) -> list[tuple[float, str]]:
    """The guidance scales at which the student is sampled, with their keys."""
    asked = [(scale, "evaluate.guidance") for scale in e.evaluate.keys.guidance]
    return [(e.guidance.scale, "guidance.scale"), *asked]


def null_class_untrained(e: Experiment) -> bool:
    """Whether no row of training has the null class. With a range nobody asks the student for it:
    the scale is told."""
    return e.guidance.range is None and e.guidance.label_dropout == 0


def null_class_warnings(e: Experiment) -> Iterator[Problem]:
    """Guidance of a student that has its null class from the weights it started from.

    It is v of the null class at the start, and drifts with the weights that the labelled rows
    train; its secants between different times were never trained. From scratch there is nothing
    to drift, which is refused where the classes are known (`training/check_guidance.py`).
    """
    if e.init == "scratch" or not null_class_untrained(e):
        return
    key = next((key for scale, key in scales_of(e) if scale != 1.0), None)
    if key is not None:
        yield Problem(
            "the student's null class is only what it started from and drifts untrained; "
            "guidance.label_dropout = 0.1 trains it, a guidance.range does without it",
            key=key,
            warning=True,
        )
