"""What an optimiser step costs, counted on the meta device: no memory, no arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from secantfw.assembly.build import Built
from secantfw.interfaces.records import Batch, Cond, Times
from secantfw.runtime.memory import PeakBytes
from secantfw.runtime.randomness import Streams
from secantfw.training.batches import BatchSource
from secantfw.training.context_of import context_of
from secantfw.training.ema import Average

_META = torch.device("meta")
_DRAWN = 8  # rows that are really read and drawn: their shapes are those of any number
#: What the heap of a CPU process grows to / the activations in it: glibc keeps freed blocks, and a
#: larger tensor does not fit into their holes. Measured 1.16 and 1.19 on a SiT, 1.43 and 1.50 on a
#: UNet (tests/benchmarks/README.md). Blocks given back at once make steps 1.4 times as long.
HEAP = 1.3


@attrs.frozen
class StepCost:
    """Of one step of so many rows."""

    evaluations: str  # `3F 1B`: of the networks, per sample
    flops: int  # of those evaluations; a backward counts as two forwards, recomputation does not
    student_flops: int  # of one evaluation of a sample
    teacher_flops: int
    weight_bytes: int  # student, its average, AdamW's two moments, the teacher
    gradient_bytes: int
    step_bytes: int  # the most that is alive beside weights: activations and gradients, in float32

    def bytes(self, half: bool = False) -> int:
        """About what a step's tensors need; `half`: activations of 16 bits."""
        return self.weight_bytes + self._alive(half)

    def bytes_on(self, device: torch.device, half: bool = False) -> int:
        """About what a step takes of `device`: on a CPU more than its tensors."""
        if device.type != "cpu":
            return self.bytes(half)
        return self.weight_bytes + round(HEAP * self._alive(half))

    def _alive(self, half: bool) -> int:
        return max(self.gradient_bytes, self.step_bytes // 2) if half else self.step_bytes


def step_cost(built: Built, rows: int | None = None) -> StepCost:
    """One training step, forward and backward, of an experiment built on the meta device: of
    `rows` at once, of the global batch where they are not said.

    Raises:
        whatever the loss raises: shapes that do not fit show here.
    """
    e, streams = built.experiment, Streams(built.experiment.seed, torch.device("cpu"))
    average = Average(built.student, e.ema, e.train.batch_size)
    ctx = context_of(built, average.network, streams, autocast=False)  # the meta device has none
    n = e.train.batch_size if rows is None else rows
    source = BatchSource(
        built.dataset, e.guidance, streams, e.seed, _DRAWN, augmentation=built.augmentation
    )
    batch = _batch_on_meta(source.batch(0), n)
    need, rng = built.loss.times_needed(), streams.at("times", 0)
    times = built.time_sampler.sample(_DRAWN, need, built.path, rng, 0.0)
    parameters = list(built.student.parameters())
    kept = [*parameters, *average.network.parameters(), *built.teacher_weights()]
    built.student.train()
    with torch.enable_grad(), PeakBytes(kept) as alive:
        loss = built.loss(ctx, batch, _times_on_meta(times, n)).per_sample.mean()
        loss.backward()  # type: ignore[no-untyped-call]
    for parameter in parameters:
        parameter.grad = None
    student, teacher = _forward_flops(built, batch)
    spent = ctx.counts
    return StepCost(
        evaluations=spent.per_row(n),
        flops=student * (spent.forward + 2 * spent.backward) + teacher * spent.teacher,
        student_flops=student,
        teacher_flops=teacher,
        weight_bytes=kept_weight_bytes(built),
        gradient_bytes=built.parameter_bytes(),
        step_bytes=alive.peak,
    )


def kept_weight_bytes(built: Built) -> int:
    """Student, its average, AdamW's two moments, the teacher."""
    return 4 * (built.parameter_bytes() + _teacher_numbers(built))


@torch.no_grad()
def drawing_bytes(built: Built) -> int:
    """The most that is alive, beside weights, while a compute block of samples is drawn, in
    float32; of an experiment built on the meta device."""
    rows, spec = built.experiment.evaluate.keys.compute_batch, built.dataset.spec
    x, t = torch.empty((rows, *spec.shape), device=_META), torch.empty(rows, device=_META)
    label = torch.empty(rows, dtype=torch.int64, device=_META) if spec.num_classes else None
    told = built.experiment.guidance.range is not None
    cond = Cond(label, guidance=torch.empty(rows, device=_META) if told else None)
    with PeakBytes(built.student.parameters()) as alive:
        built.student.eval()(x, t, t, cond)
    return int(alive.peak)


def _teacher_numbers(built: Built) -> int:
    return 0 if built.teacher is None else built.teacher.num_parameters()


def _forward_flops(built: Built, batch: Batch) -> tuple[int, int]:
    """Of one row through the student, and through the teacher."""
    x, t = batch.x_0[:1], torch.empty(1, device=_META)
    cond = batch.cond.map(lambda c: c[:1])
    student = _flops(lambda: built.student(x, t, t, cond))
    teacher = built.teacher
    if teacher is None:
        return student, 0
    return student, _flops(lambda: teacher.velocity(x, t, cond))


@torch.no_grad()
def _flops(evaluate: Callable[[], Tensor]) -> int:
    counter = FlopCounterMode(display=False)
    with counter:
        evaluate()
    return int(counter.get_total_flops())


def _on_meta(drawn: Tensor, rows: int) -> Tensor:
    """So many rows like those drawn."""
    return torch.empty((rows, *drawn.shape[1:]), dtype=drawn.dtype, device=_META)


def _batch_on_meta(batch: Batch, rows: int) -> Batch:
    return Batch(
        x_0=_on_meta(batch.x_0, rows),
        z=_on_meta(batch.z, rows),
        cond=batch.cond.map(lambda c: _on_meta(c, rows)),
        cond_data=batch.cond_data.map(lambda c: _on_meta(c, rows)),
        index=_on_meta(batch.index, rows),
    )


def _times_on_meta(times: Times, rows: int) -> Times:
    moved = {
        field.name: _on_meta(value, rows)
        for field in attrs.fields(Times)
        if isinstance(value := getattr(times, field.name), Tensor)
    }
    return attrs.evolve(times, **moved)
