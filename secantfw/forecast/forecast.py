"""What a run would take on GPUs that are not here: memory, images a second, days, and disk.

    seconds a step = FLOPs of the global batch / (GPUs x peak FLOP/s x MFU)

FLOPs are counted on the meta device (`step_cost`); the model FLOPs utilisation (MFU), the share of
the peak that is reached, is given. The exchange of gradients is taken to hide behind the backward.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from secantfw.assembly.build import Built
from secantfw.assembly.choose_engine import engine_chosen, engine_of
from secantfw.assembly.row import Model
from secantfw.forecast.cost import drawing_bytes, kept_weight_bytes, step_cost
from secantfw.forecast.disk import kept_checkpoints
from secantfw.forecast.evaluation_cost import EvaluationCost, PictureCost, evaluation_cost
from secantfw.forecast.gpus import Gpu
from secantfw.parallel.group import Group
from secantfw.parallel.processes import Processes
from secantfw.training.checkpoint import checkpoint_bytes

#: Assumed where no run has measured it: of SiT-XL/2 without compilation about half is possible.
DEFAULT_MFU = 0.30
#: CUDA's context, its libraries' work space, and what the allocator cannot use.
RESERVED_BYTES = 2.5e9


@attrs.frozen
class Forecast:
    """Of one experiment; memory of the process that has the most."""

    title: str
    gpus: int
    engine: str  # its component, "parallel:ddp"
    rows: int  # that a GPU computes a step
    rows_at_once: int
    evaluations: str
    memory_gb: float
    fits: bool
    tflop_per_step: float
    images_per_second: float
    seconds_per_step: float
    steps: int
    days: float
    gradient_gb: float  # that each process sends and receives about twice a step
    checkpoint_gb: float
    checkpoints: int  # kept in the end
    evaluation: EvaluationCost | None  # None: there is none
    evaluation_hours: float  # the rows shared out to all GPUs
    evaluation_gb: float  # of memory; the weights of training are still there


def forecast(
    built: Built, gpus: int, gpu: Gpu, mfu: float, pictures: PictureCost | None = None
) -> Forecast:
    """For an experiment built on the meta device, in the precision that it asks for.

    Args:
        mfu: the share of the GPU's peak FLOP/s that is reached, in training and in evaluation.
        pictures: what `picture_cost` found of the data set; None: not known.
    """
    train = built.experiment.train
    last = Group(Processes(gpus - 1, gpus, launched=gpus > 1))
    rows = len(last.processes.rows(train.batch_size))  # none has more than the last
    at_once = min(rows, train.micro_batch_size or rows)
    cost = step_cost(built, at_once)
    spared = engine_of(built.experiment, last).spared_bytes(built.student, built.loss)
    memory = cost.bytes(half=train.precision != "fp32") + RESERVED_BYTES - spared
    flops = cost.flops / at_once * train.batch_size
    seconds = flops / (gpus * gpu.peak(train.precision) * mfu)
    evaluations: Mapping[Model, float] = {
        "student": cost.student_flops, "teacher": cost.teacher_flops,
    }  # fmt: skip
    evaluation = evaluation_cost(built, evaluations, pictures)
    evaluated = 0.0 if evaluation is None else evaluation.flops
    drawing = gpu.peak(built.experiment.evaluate.keys.precision) or gpu.fp32
    return Forecast(
        title=built.experiment.title,
        gpus=gpus,
        engine=engine_chosen(built.experiment, last).full_name,
        rows=rows,
        rows_at_once=at_once,
        evaluations=cost.evaluations,
        memory_gb=memory / 1e9,
        fits=memory <= gpu.memory,
        tflop_per_step=flops / 1e12,
        images_per_second=train.batch_size / seconds,
        seconds_per_step=seconds,
        steps=train.steps,
        days=seconds * train.steps / 86400,
        gradient_gb=cost.gradient_bytes / 1e9 if gpus > 1 else 0.0,
        checkpoint_gb=checkpoint_bytes(built.student) / 1e9,
        checkpoints=kept_checkpoints(train),
        evaluation=evaluation,
        evaluation_hours=evaluated / (gpus * drawing * mfu) / 3600,
        evaluation_gb=0.0 if evaluation is None else _evaluation_bytes(built, evaluation) / 1e9,
    )


def _evaluation_bytes(built: Built, evaluation: EvaluationCost) -> float:
    """Of one GPU; sharded weights are gathered from the checkpoint, so they are whole here."""
    alive = max(drawing_bytes(built), evaluation.picture_bytes)
    return kept_weight_bytes(built) + alive + RESERVED_BYTES
