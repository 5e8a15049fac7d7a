"""Why a loss or a gradient was not finite: the step computed again, with every tensor looked at.

Draws are functions of (seed, stream, step), and the parameters were left as they were before the
step, so that the second time gives the same numbers as the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import torch
from safetensors.torch import save
from torch import Tensor, nn

from secantfw.assembly.build import Built
from secantfw.errors import UserError, printable
from secantfw.interfaces.records import Batch, LossTerms, Times
from secantfw.parallel.context import RunContext
from secantfw.runtime.files import write_json
from secantfw.runtime.regular_file import is_folder
from secantfw.runtime.writing import replacing
from secantfw.training.batches import BatchSource

_SHOWN = 3  # names and rows in the message; diagnosis.json has them all


@attrs.define
class Findings:
    """What a second look at the step found. Rows are those of the batch."""

    step: int  # from 1, as in metrics.jsonl
    values: Mapping[str, float]  # loss, grad_norm and the loss's own numbers, as first seen
    tensors: list[str] = attrs.field(factory=list)  # not finite, in the order they came about
    rows: list[int] = attrs.field(factory=list)
    items: list[int] = attrs.field(factory=list)  # positions in the data set, of `rows`
    t: list[float] = attrs.field(factory=list)
    s: list[float] = attrs.field(factory=list)

    def note(self, name: str, value: Tensor) -> None:
        """Note `name` if `value` is not finite, and its rows if it has the batch's."""
        if name not in self.tensors and not bool(torch.isfinite(value).all()):
            self.tensors.append(name)

    def text(self) -> str:
        if not self.tensors:
            return "all was finite when the step was computed again: a passing fault"
        rest = len(self.tensors) - _SHOWN
        names = ", ".join(self.tensors[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
        which = [
            f"item {item} (row {row}, t = {t:.4g}, s = {s:.4g})"
            for item, row, t, s in zip(self.items, self.rows, self.t, self.s, strict=True)
        ]
        rest = len(which) - _SHOWN
        rows = ", ".join(which[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")
        return f"not finite: {names}; in {rows}"


def diagnose(
    folder: Path,
    built: Built,
    source: BatchSource,
    ctx: RunContext,
    step: int,
    values: Mapping[str, float],
) -> Findings:
    """Compute `step` (from 1) again; writes folder/diagnosis.json and folder/batch.safetensors."""
    found = Findings(step, values)
    ctx.step = step - 1
    batch = source.batch(ctx.step)
    rng = source.streams.at("times", ctx.step)
    need, size = built.loss.times_needed(), built.experiment.train.batch_size
    times = built.time_sampler.sample(size, need, built.path, rng, ctx.progress)
    if source.rows is not None:
        times = times.rows(source.rows)
    ctx.rows = source.rows
    tensors = {**_of_batch(batch), **_of_times(times)}
    for name, value in tensors.items():
        found.note(name, value)
    _look_again(found, built, ctx, batch, times)
    _name_rows(found, batch, times)
    _make(folder)
    content = save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
    with replacing(folder / "batch.safetensors") as unfinished, unfinished.open("xb") as stream:
        stream.write(content)
    write_json(folder / "diagnosis.json", attrs.asdict(found))
    return found


def _make(folder: Path) -> None:
    """The folder; not one elsewhere, which a link in a run of others leads to."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in (folder, folder.parent):
        if not is_folder(place):
            raise UserError(f"{printable(place)}: a link, expected a folder; move it away")


def _look_again(
    found: Findings, built: Built, ctx: RunContext, batch: Batch, times: Times
) -> None:
    """Note parameters, network outputs, losses and gradients that are not finite."""
    student = built.student
    for name, parameter in student.named_parameters():
        found.note(f"parameter {name}", parameter)
    with torch.enable_grad(), _watched(found, student, "student"), _teacher_watched(found, ctx):
        terms = built.loss(ctx, batch, times)
    _note_terms(found, terms)
    terms.per_sample.mean().backward()  # type: ignore[no-untyped-call]
    for name, parameter in student.named_parameters():
        if parameter.grad is not None:
            found.note(f"gradient of {name}", parameter.grad)
    student.zero_grad(set_to_none=True)


def _note_terms(found: Findings, terms: LossTerms) -> None:
    found.note("loss", terms.per_sample)
    bad = torch.isfinite(terms.per_sample.detach()).logical_not()
    found.rows.extend(bad.nonzero().flatten().tolist())
    for name, value in terms.scalars.items():
        found.note(f"scalar {name}", value)


def _name_rows(found: Findings, batch: Batch, times: Times) -> None:
    """Say which items and times; of a gradient alone the whole batch is to blame."""
    rows = torch.tensor(found.rows or list(range(len(batch))))
    found.rows = rows.tolist()
    found.items = batch.index[rows].tolist()
    found.t = times.t.cpu()[rows].tolist()
    found.s = times.s.cpu()[rows].tolist()


@contextmanager
def _watched(found: Findings, network: nn.Module, called: str) -> Iterator[None]:
    """Note each module's output that is not finite, innermost first."""

    def hook(name: str) -> object:
        def look(_module: nn.Module, _given: object, output: object) -> None:
            if isinstance(output, Tensor):
                found.note(f"output of {called}{'.' if name else ''}{name}", output.detach())

        return look

    handles = [m.register_forward_hook(hook(n)) for n, m in network.named_modules()]  # type: ignore[arg-type]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _teacher_watched(found: Findings, ctx: RunContext) -> Iterator[None]:
    """Note a tangent of the teacher's that is not finite."""
    teacher = ctx.teacher

    def look(x: Tensor, t: Tensor, cond: object) -> Tensor:
        v: Tensor = teacher(x, t, cond)  # type: ignore[arg-type]
        found.note("output of teacher", v)
        return v

    ctx.teacher = look  # type: ignore[assignment]
    try:
        yield
    finally:
        ctx.teacher = teacher


def _of_batch(batch: Batch) -> dict[str, Tensor]:
    named = {
        "x_0": batch.x_0,
        "z": batch.z,
        "index": batch.index,
        "label": batch.cond.label,
        "guidance": batch.cond.guidance,
    }
    return {name: value for name, value in named.items() if value is not None}


def _of_times(times: Times) -> dict[str, Tensor]:
    named = {field.name: getattr(times, field.name) for field in attrs.fields(Times)}
    return {name: value for name, value in named.items() if value is not None}
