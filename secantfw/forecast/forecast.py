"""What a run would take on GPUs that are not here: memory, images a second, days, and disk.

    seconds a step = FLOPs of the global batch / (GPUs x peak FLOP/s x MFU)

FLOPs are counted on the meta device (`step_cost`); the model FLOPs utilisation (MFU), the share of
the peak that is reached, is given. The exchange of gradients is taken to hide behind the backward.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs
from torch import nn

from secantfw.assembly.build import Built
from secantfw.assembly.row import Model
from secantfw.forecast.cost import StepCost, drawing_bytes, kept_weight_bytes, step_cost
from secantfw.forecast.disk import kept_checkpoints
from secantfw.forecast.evaluation_cost import EvaluationCost, PictureCost, evaluation_cost
from secantfw.forecast.gpus import Gpu
from secantfw.interfaces.blocks import blocks_of
from secantfw.parallel.processes import Processes
from secantfw.training.checkpoint import checkpoint_bytes

#: Assumed where no run has measured it: of SiT-XL/2 without compilation about half is possible.
DEFAULT_MFU = 0.30
#: CUDA's context, its libraries' work space, and what the allocator cannot use.
RESERVED_BYTES = 2.5e9

Strategy = Literal["none", "ddp", "fsdp"]


@attrs.frozen
class Forecast:
    """Of one experiment; memory of the process that has the most."""

    title: str
    gpus: int
    strategy: Strategy
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
    rows = len(Processes(gpus - 1, gpus).rows(train.batch_size))  # none has more than the last
    at_once = min(rows, train.micro_batch_size or rows)
    cost = step_cost(built, at_once)
    strategy = _strategy(built, gpus)
    whole = cost.bytes(half=train.precision != "fp32") + RESERVED_BYTES
    memory = whole if strategy != "fsdp" else whole - _shared_out(built, cost, gpus)
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
        strategy=strategy,
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


def _strategy(built: Built, gpus: int) -> Strategy:
    if gpus == 1:
        return "none"
    return "fsdp" if built.experiment.parallel.strategy == "fsdp" else "ddp"


def _shared_out(built: Built, cost: StepCost, gpus: int) -> float:
    """What FSDP saves a process of student, average and two moments: of these and of the gradient
    it keeps a share, and while it computes, what of the student is gathered."""
    numbers = cost.gradient_bytes  # 4 bytes a number, as each of the others
    return 4 * numbers - 5 * numbers / gpus - _gathered(built, numbers)


def _gathered(built: Built, numbers: int) -> int:
    """All of it; or by blocks what is in none, the block at hand, and the one fetched ahead."""
    blocks = [_bytes(block) for block in blocks_of(built.student)]
    if built.experiment.parallel.shard == "whole" or "jvp" in built.loss.requirements():
        return numbers
    return numbers - sum(blocks) + 2 * max(blocks, default=0)


def _bytes(module: nn.Module) -> int:
    return sum(p.nbytes for p in module.parameters())
