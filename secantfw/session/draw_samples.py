"""Samples of a trained run in memory, number by number those of `secantfw sample`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from secantfw.assembly.build import build
from secantfw.assembly.trained_steps import default_steps, steps_warning
from secantfw.errors import UserError
from secantfw.experiment.schema import Guidance
from secantfw.interfaces.records import Cond, DataSpec
from secantfw.interfaces.solver import Solver
from secantfw.runtime.progress import Progress
from secantfw.runtime.terminal import warn
from secantfw.sampling.draw import Start, draw, starts
from secantfw.sampling.field import student_field
from secantfw.session.samples import Samples

if TYPE_CHECKING:
    from secantfw.session.trained import TrainedRun


def draw_samples(
    trained: TrainedRun,
    n: int,
    steps: int | None,
    seed: int,
    labels: int | Sequence[int] | Tensor | None,
    guidance: Guidance,
) -> Samples:
    """Samples 0..n-1 in whole compute blocks; arguments as of `Run.sample`.

    Raises:
        UserError: n or steps below 1, labels that do not fit.
    """
    steps = default_steps(trained.built) if steps is None else steps
    for name, value in (("n", n), ("steps", steps)):
        if value < 1:
            raise UserError(f"sample: {name} must be at least 1, got {value}")
    built = trained.built
    spec = built.dataset.spec
    told = None if labels is None else _checked_labels(labels, n, spec)
    field = student_field(trained.student, built.path, guidance, spec.num_classes)
    solver: Solver = build(built.experiment.solver)  # type: ignore[assignment]
    warning = steps_warning(built, [(solver, steps)])
    if warning:
        warn(warning)
    rows = built.experiment.evaluate.keys.compute_batch
    x, pictures, known = [], [], []
    with Progress(n, 0, "samples") as progress:
        for start in _labelled(starts(spec, seed, n, rows, built.device), told):
            block, wanted = draw(field, solver, start, steps), len(start.numbers)
            shown = built.dataset.to_uint8(block)
            x.append(block[:wanted].float().cpu())
            pictures += [] if shown is None else [shown[:wanted]]
            known += [] if start.cond.label is None else [start.cond.label[:wanted].cpu()]
            progress.more(wanted)
    return Samples(torch.cat(x), _joined(pictures), _joined(known), steps, seed)


def _checked_labels(labels: int | Sequence[int] | Tensor, n: int, spec: DataSpec) -> Tensor:
    """(n,) int64; a single number is every sample's."""
    if not spec.num_classes:
        raise UserError("sample: these data have no classes; leave labels out")
    try:
        told = torch.as_tensor(labels)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UserError(f"sample: labels are no numbers ({error})") from error
    told = told.expand(n) if told.ndim == 0 else told
    if told.is_floating_point() or told.shape != (n,):
        raise UserError(f"sample: labels must be one int or {n}, got {tuple(told.shape)}")
    if not bool(((told >= 0) & (told <= spec.num_classes)).all()):
        raise UserError(
            f"sample: labels are 0..{spec.num_classes}; {spec.num_classes} is the null class"
        )
    return told.long()


def _labelled(found: Iterator[Start], labels: Tensor | None) -> Iterator[Start]:
    """The starts with the labels of the wanted samples; rows that fill a block keep theirs."""
    for start in found:
        if labels is not None:
            label = start.cond.label
            assert label is not None
            label[: len(start.numbers)] = labels[start.numbers.start : start.numbers.stop]
            start = Start(start.numbers, start.z, Cond(label=label), start.seed)
        yield start


def _joined(parts: list[Tensor]) -> Tensor | None:
    return torch.cat(parts) if parts else None
