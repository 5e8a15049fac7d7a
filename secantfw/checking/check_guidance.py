"""Guidance that cannot work: without classes, or beyond what the student is trained for."""

from __future__ import annotations

from collections.abc import Iterator

from secantfw.assembly.build import Built
from secantfw.errors import Problem
from secantfw.experiment.null_class import null_class_untrained, scales_of


def guidance_problems(built: Built) -> Iterator[Problem]:
    """Of the tables `[guidance]` and `[evaluate]`, for these networks and data."""
    yield from _without_classes(built)
    yield from _not_told(built)
    yield from _beyond_training(built)
    yield from _guided_by_itself(built)


def _without_classes(built: Built) -> Iterator[Problem]:
    e, g = built.experiment, built.experiment.guidance
    if built.dataset.spec.num_classes:
        return
    used = {
        "guidance.range": g.range is not None,
        "guidance.label_dropout": g.label_dropout > 0,
        "guidance.scale": g.scale != 1.0,
        "evaluate.guidance": any(scale != 1.0 for scale in e.evaluate.keys.guidance),
        "evaluate.teacher_guidance": any(w != 1.0 for w in e.evaluate.keys.teacher_guidance),
    }
    for key in (key for key, is_used in used.items() if is_used):
        yield Problem(f"guidance needs labels; {e.dataset.full_name} has none", key=key)


def _not_told(built: Built) -> Iterator[Problem]:
    """What is guided that the network or the data do not have."""
    e, g = built.experiment, built.experiment.guidance
    if g.range is not None and "guidance" not in built.student.supports:
        yield Problem(
            f"{e.backbone.full_name} cannot be told a guidance scale", key="guidance.range"
        )
    channels = built.dataset.spec.shape[0]
    if g.channels is not None and g.channels > channels:
        yield Problem(
            f"{g.channels} channels are to be guided; {e.dataset.full_name} has {channels}",
            key="guidance.channels",
        )


def _beyond_training(built: Built) -> Iterator[Problem]:
    """Scales outside the range that is told, or that need a null class which nothing trains."""
    e, g = built.experiment, built.experiment.guidance
    untrained = e.init == "scratch" and null_class_untrained(e)
    for scale, key in scales_of(e):
        if g.range is not None and not g.range[0] <= scale <= g.range[1]:
            yield Problem(
                f"{scale} lies outside the range {list(g.range)} the student is told in training",
                key=key,
            )
        if scale != 1.0 and untrained and built.dataset.spec.num_classes:
            yield Problem(
                f"{scale} asks the student for its null class, which is never trained; train "
                "with guidance.label_dropout = 0.1, or with a teacher and a guidance.range",
                key=key,
            )


def _guided_by_itself(built: Built) -> Iterator[Problem]:
    """Targets that the student guides itself, by a null class which nothing trains."""
    e = built.experiment
    alone = e.guidance.range is not None and "teacher" not in built.loss.requirements()
    if alone and e.init == "scratch" and e.guidance.label_dropout == 0:
        yield Problem(
            f"{e.loss.full_name} has no teacher, so that the student is guided by its own null "
            "class, which is never trained; train with guidance.label_dropout = 0.1",
            key="guidance.range",
        )
