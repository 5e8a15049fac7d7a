"""The context of a run's loss, from the objects of its experiment."""

from __future__ import annotations

from secantfw.assembly.build import Built, build
from secantfw.interfaces.backbone import Backbone
from secantfw.parallel.context import Amp, RunContext, TrainingInterval
from secantfw.runtime.randomness import Streams
from secantfw.sampling.precision import AUTOCAST


def context_of(
    built: Built, ema: Backbone, streams: Streams, *, autocast: bool = True
) -> RunContext:
    """What the loss of a built experiment may use."""
    e = built.experiment
    train = e.train
    target = AUTOCAST[train.target_precision or train.precision]
    amp = Amp(AUTOCAST[train.precision], target) if autocast else Amp()
    return RunContext(
        path=built.path,
        student=built.student,
        ema=ema,
        teacher=built.teacher,
        null=built.dataset.spec.num_classes,
        streams=streams,
        steps=train.steps,
        guided_channels=e.guidance.channels,
        interval=_interval(built) if e.guidance.interval_in_training else None,
        teacher_solver=build(e.teacher_solver),  # type: ignore[arg-type]
        amp=amp,
    )


def _interval(built: Built) -> TrainingInterval:
    """Rows are picked where that is free: on a CPU, by networks that are compiled for no shape."""
    pick = built.device.type == "cpu" and built.experiment.train.compile == "none"
    return TrainingInterval(built.experiment.guidance.interval, pick)
