"""Where the student starts; one that takes the teacher's weights must equal it at s = t."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from secantfw.assembly.build import Built
from secantfw.errors import UserError
from secantfw.training.batches import BatchSource

_ROWS = 4


@attrs.frozen
class Gap:
    """max |f(x_t, t, t) - v(x_t, t)|, at which t, and max |v|."""

    largest: float
    t: float
    v: float


def start_of(built: Built, source: BatchSource) -> str:
    """What the plan shows: `from scratch`, a file of the student's own, or f(x, t, t) = v(x, t).

    Raises:
        UserError: f differs from v by more than the backbone's `start_tolerance` of max |v|.
    """
    student, name = built.student, built.experiment.backbone.full_name
    if built.own_start:
        return built.own_start
    if built.load_report is None or built.teacher is None:
        return "from scratch"
    if student.start_tolerance is None:
        return f"teacher's weights; {name} says that its f(x, t, t) is not v(x, t)"
    gap = measure_gap(built, source)
    if not gap.largest <= student.start_tolerance * gap.v:  # so that NaN is refused
        raise UserError(
            f"backbone: the student took the teacher's weights, but f(x, t, t) differs from "
            f"v(x, t) by up to {gap.largest:.2g} (at t = {gap.t:.3g}; |v| up to {gap.v:.2g}, "
            f"{name} allows {student.start_tolerance:g} of that): its load_tangent or its second "
            "time is wrong, or the two compute differently (attention)"
        )
    exact = "bit for bit" if gap.largest == 0 else f"to {gap.largest:.1g}"
    return f"teacher's weights, f(x, t, t) = v(x, t) {exact}"


@torch.no_grad()
def measure_gap(built: Built, source: BatchSource) -> Gap:
    """f against the unguided v on rows of the first batch, in float32 and with dropout off.

    The times go from t_min to t_max, the last row has the null class, and a student that is told
    a guidance scale is told the drawn ones: before training they must have no effect. Nothing
    that a step draws is used up, and no evaluation is counted.
    """
    batch = source.few(_ROWS).batch(0)
    t = torch.linspace(built.path.t_min, built.path.t_max, _ROWS, device=built.device)
    x_t = built.path.point(batch, t)
    label = _with_null(batch.cond.label, built.dataset.spec.num_classes)
    cond = attrs.evolve(batch.cond, label=label)
    training = built.student.training
    f = built.student.eval()(x_t, t, t, cond)
    built.student.train(training)
    v = built.teacher.velocity(x_t, t, cond)  # type: ignore[union-attr]
    by_row = (f - v).abs().flatten(1).amax(1)  # a NaN stays one
    worst = int(by_row.argmax())
    return Gap(float(by_row[worst]), float(t[worst]), float(v.abs().max()))


def _with_null(label: Tensor | None, null: int) -> Tensor | None:
    if label is None:
        return None
    return torch.cat((label[:-1], torch.full_like(label[-1:], null)))
