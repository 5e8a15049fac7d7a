"""Checks of a loss: what it returns, what it asks of whom, and where its gradient vanishes."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import get_args

import attrs
import torch
from torch import Tensor

from secantfw.errors import UserError
from secantfw.interfaces.loss import SecantLoss
from secantfw.interfaces.path import Path
from secantfw.interfaces.records import LossTerms, RLaw, TimesNeed
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.fixed_point import KS_LIMIT, Z_LIMIT, OracleStep, fixed_point_step
from secantfw.testing.network_context import (
    CLASSES,
    ROWS,
    LossInputs,
    NetworkCall,
    NetworkContext,
    loss_inputs,
)
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.reference_paths import ShortenedLine, StraightLine
from secantfw.testing.reference_times import ReferenceTimes
from secantfw.testing.subject import Subject

#: Enough rows for a Huber norm of a tenth to show, few enough for a second.
_ORACLE_ROWS = 12_000
#: Of a loss that says it asks at estimates: coarse ones pass, data and noise swapped (19) do not.
_KS_OF_ESTIMATES = 10.0
_KNOWN_NEEDS = frozenset(
    {"teacher", "ema", "bidirectional", "every_time", "mid", "tangent_rows", "labels", "jvp"}
)


@attrs.frozen(eq=False)
class Step:
    """One evaluation of a loss on small networks."""

    terms: LossTerms
    ctx: NetworkContext
    inputs: LossInputs
    guidance: bool


def check_requirements_are_known(subject: Subject) -> None:
    """`requires` and `provides` hold known words, and `times_needed` is a constant record."""
    loss: SecantLoss = subject.object
    unknown = loss.requirements() - _KNOWN_NEEDS
    require(not unknown, f"requires {sorted(unknown)}; known are {sorted(_KNOWN_NEEDS)}")
    good = loss.provides and loss.provides <= {"secant", "tangent"}
    require(good, f"provides {sorted(loss.provides)}; expected 'secant' or 'tangent'")
    need = loss.times_needed()
    good = isinstance(need, TimesNeed) and need == loss.times_needed()
    require(good, f"times_needed gives {need!r}, and not the same twice")
    require(need.draws >= 0 and need.law in get_args(RLaw), f"asks for impossible times: {need}")


def check_loss_is_one_number_a_row(subject: Subject) -> None:
    """`per_sample` is (B,), finite, of the networks' dtype, in float32 and float64."""
    for dtype in (torch.float32, torch.float64):
        found = _step(subject.object, dtype=dtype).terms.per_sample
        said = f"{found.dtype} {tuple(found.shape)}"
        require(found.shape == (ROWS,), f"per_sample is {said}, expected ({ROWS},)")
        require(found.dtype == dtype, f"per_sample is {said} for {dtype} networks")
        require(found.isfinite().all(), "per_sample is not finite")


def check_rows_are_independent(subject: Subject) -> None:
    """The loss of a row does not change with the data of another: reduction is the engine's."""
    loss: SecantLoss = subject.object
    step = _step(loss)
    batch = step.inputs.batch
    x_0, z = batch.x_0.clone(), batch.z.clone()
    row = 1  # the first is a tangent row, which a loss may give no weight
    x_0[row], z[row] = x_0[row] + 1, z[row] - 1
    changed = loss(
        NetworkContext(step.ctx.path), attrs.evolve(batch, x_0=x_0, z=z), step.inputs.times
    )
    near = torch.isclose(changed.per_sample, step.terms.per_sample, rtol=1e-9, atol=1e-12)
    others = torch.arange(ROWS) != row
    require(near[others].all(), "the loss of a row changes with the data of another row")
    require(not near[row], "the loss of a row does not change with its own data")


def check_scalars_are_numbers_to_log(subject: Subject) -> None:
    """`scalars` are 0-dim tensors without a graph."""
    for name, value in _step(subject.object).terms.scalars.items():
        require(value.ndim == 0, f"scalar {name!r} has shape {tuple(value.shape)}")
        require(not value.requires_grad, f"scalar {name!r} keeps the graph; detach it")


def check_gradients_reach_the_student_only(subject: Subject) -> None:
    """Every weight of the student gets a gradient; EMA copy, teacher and inputs get none."""
    step = _step(subject.object)
    _backward(step)
    ctx = step.ctx
    bare = [name for name, p in ctx.live.named_parameters() if p.grad is None or not p.grad.any()]
    require(not bare, f"no gradient reaches weight {', '.join(bare)} of the student")
    for who, network in (("EMA copy", ctx.ema), ("teacher", ctx.frozen)):
        reached = [name for name, p in network.named_parameters() if p.grad is not None]
        require(not reached, f"a gradient reaches weight {', '.join(reached)} of the {who}")


def check_no_graph_is_wasted(subject: Subject) -> None:
    """A student pass with grad=True takes part in the gradient; else it should not ask for it."""
    step = _step(subject.object)
    _backward(step)
    asked = [c.output for c in step.ctx.calls if c.output.requires_grad]
    wasted = sum(out.grad is None or not bool(out.grad.any()) for out in asked)
    require(not wasted, f"{wasted} of {len(asked)} passes with grad=True get no gradient")


def check_requirements_are_declared(subject: Subject) -> None:
    """Who is asked, and for which direction, is what `requirements` names."""
    loss: SecantLoss = subject.object
    needs, ctx = loss.requirements(), _step(loss).ctx
    calls = ctx.calls
    used = {
        "teacher": any(c.network == "teacher" for c in calls),
        "ema": any(c.network == "target" for c in calls),
        "jvp": ctx.used_jvp,
        "bidirectional": any(c.network != "teacher" and bool((c.s > c.t).any()) for c in calls),
    }
    silent = [need for need, is_used in used.items() if is_used and need not in needs]
    require(not silent, f"uses what it does not require: {', '.join(silent)}")
    if "teacher" in needs:
        require(used["teacher"], "requires a teacher, and does not ask it")


def check_times_stay_in_the_range_of_the_path(subject: Subject) -> None:
    """Networks are asked at times in [t_min, t_max] only."""
    path = ShortenedLine()
    for call in _step(subject.object, path).ctx.calls:
        for time in (call.t, call.s):
            inside = (time >= path.t_min - 1e-6) & (time <= path.t_max + 1e-6)
            require(inside.all(), f"asks the {call.network} outside [{path.t_min}, {path.t_max}]")


def check_conditions_reach_the_networks(subject: Subject) -> None:
    """Every call is given its rows' labels, scales and augmentation, of `cond` or `cond_data`."""
    step = _step(subject.object)
    for call in step.ctx.calls:
        for name in ("label", "guidance", "augment"):
            require(_is_given(call, step.inputs, name), f"a call of the {call.network} lacks "
                    f"its rows' {name}")  # fmt: skip


def check_fixed_point(subject: Subject) -> None:
    """At the exact secant the mean gradient vanishes, as far as 12,000 samples tell."""
    loss: SecantLoss = subject.object
    if not loss.fixed_point:
        require(loss.fixed_point_note, "fixed_point = False needs a fixed_point_note")
        raise Skip(f"declares fixed_point = False: {loss.fixed_point_note}")
    step = _oracle_step(subject)
    z = step.worst_z
    require(z < Z_LIMIT, f"mean gradient at the exact secant: |z| = {z:.1f}, limit {Z_LIMIT:g}")


def check_points_lie_on_the_path(subject: Subject) -> None:
    """With exact networks, every point that a network is asked at has the path's marginal."""
    loss: SecantLoss = subject.object
    ks = _oracle_step(subject).worst_ks
    limit = _KS_OF_ESTIMATES if loss.points_note else KS_LIMIT
    require(ks < limit, f"points are off the path's marginals (KS {ks:.1f}, limit {limit})")
    if ks >= KS_LIMIT:
        raise Skip(f"declares a points_note: {loss.points_note} (KS {ks:.1f})")


def _backward(step: Step) -> None:
    per_sample = step.terms.per_sample
    require(per_sample.requires_grad, "has no graph: no student pass with grad=True")
    torch.autograd.backward(per_sample.sum())


def _step(loss: SecantLoss, path: Path | None = None, dtype: torch.dtype = torch.float64) -> Step:
    """With guidance scales; without them for a loss that says it cannot have any."""
    try:
        return _step_with(loss, path or StraightLine(), dtype, guidance=True)
    except UserError as error:
        if "guidance" not in str(error):
            raise
        return _step_with(loss, path or StraightLine(), dtype, guidance=False)


def _step_with(loss: SecantLoss, path: Path, dtype: torch.dtype, guidance: bool) -> Step:
    inputs = _inputs(loss, path, dtype, guidance)
    ctx = NetworkContext(path, dtype)
    return Step(loss(ctx, inputs.batch, inputs.times), ctx, inputs, guidance)


def _inputs(loss: SecantLoss, path: Path, dtype: torch.dtype, guidance: bool) -> LossInputs:
    """Without `mid` for a loss that does not require it: most samplers give none."""
    need = loss.times_needed()
    inputs = loss_inputs(need, path, _both_ways(loss), guidance=guidance, dtype=dtype)
    if "mid" in loss.requirements():
        return inputs
    return attrs.evolve(inputs, times=attrs.evolve(inputs.times, mid=None))


def _both_ways(loss: SecantLoss) -> bool:
    return "bidirectional" in loss.requirements()


def _is_given(call: NetworkCall, inputs: LossInputs, name: str) -> bool:
    """Each stretch of B rows has one of the batch's conditions, or the null class throughout."""
    allowed = [
        value
        for cond in (inputs.batch.cond, inputs.batch.cond_data)
        if (value := getattr(cond, name)) is not None
    ]
    if not allowed:
        return True
    given: Tensor | None = getattr(call.cond, name)
    if given is None or len(given) != len(call.t):
        return False
    if name == "label":
        allowed.append(torch.full((ROWS,), CLASSES))
    pieces = torch.split(given, ROWS)
    return all(any(same(piece, one) for one in allowed) for piece in pieces)


@functools.lru_cache(maxsize=1)
def _oracle_step(subject: Subject) -> OracleStep:
    loss: SecantLoss = subject.object
    if "labels" in loss.requirements():
        raise Skip("requires labels, and the oracle's data have none")
    oracle = attrs.evolve(mixture_oracle(StraightLine()), substeps=8)
    return fixed_point_step(loss, ReferenceTimes(_both_ways(loss)), oracle, _ORACLE_ROWS)


def _tensors(inputs: LossInputs) -> Iterator[Tensor]:
    batch = inputs.batch
    conds = (batch.cond, batch.cond_data)
    told = [v for c in conds for v in (c.label, c.guidance, c.augment)]
    times = attrs.asdict(inputs.times, recurse=False).values()
    for value in (batch.x_0, batch.z, batch.index, *told, *times):
        if value is not None:
            yield value


def _trial(subject: Subject) -> Trial:
    loss, path = subject.object, StraightLine()
    # Inputs that the loss has not seen: a second edit in place may change nothing any more.
    inputs = _inputs(loss, path, torch.float64, _step(loss).guidance)

    def call() -> list[Tensor]:
        return [loss(NetworkContext(path), inputs.batch, inputs.times).per_sample.detach()]

    return Trial(tuple(_tensors(inputs)), call)


CHECKS = (
    check_requirements_are_known,
    check_loss_is_one_number_a_row,
    check_rows_are_independent,
    check_scalars_are_numbers_to_log,
    check_gradients_reach_the_student_only,
    check_no_graph_is_wasted,
    check_requirements_are_declared,
    check_times_stay_in_the_range_of_the_path,
    check_conditions_reach_the_networks,
    check_fixed_point,
    check_points_lie_on_the_path,
    *purity_checks(_trial),
)
