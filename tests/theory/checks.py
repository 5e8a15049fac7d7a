"""The four checks a loss must pass. Each names itself; a mutation is caught by what it fails."""

from __future__ import annotations

import attrs
import torch

from secantfw import Times
from secantfw.testing.fixed_point import (
    KS_LIMIT,
    Z_LIMIT,
    OracleStep,
    fixed_point_step,
    in_float64,
)
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.oracle_context import OracleContext

from .networks import ROWS, NetContext, inputs
from .reference import Choice, reference
from .subject import Subject

#: Enough rows for the smallest bias below to show, few enough for a third of a second.
ORACLE_ROWS = 6_000

CHOICES = {
    "sdei": (
        Choice(guidance=True),
        Choice(draws=3, picard_iterations=2, weights="ema", guidance=True),
    ),
    "stei": (
        Choice(),
        Choice(draws=3, diffusion_weight=0.7, weights="ema"),
        Choice(draws=2, diffusion_weight=0.7, fused=False, tangent="teacher", guidance=True),
        Choice(picard_iterations=2, tangent="teacher", guidance=True),
    ),
    "sdee": (
        Choice(guidance=True),
        Choice(draws=3, picard_iterations=2, weights="ema", guidance=True),
    ),
    "stee": (
        Choice(guidance=True),
        Choice(draws=3, picard_iterations=2, weights="ema", guidance=True),
    ),
    "tangent": (Choice(guidance=True),),
    "monte_carlo": (
        Choice(guidance=True),
        Choice(draws=3, guidance=True),
        Choice(draws=4, substeps=2),
    ),
    "runge_kutta": (
        Choice(method="midpoint"),
        Choice(method="heun3", guidance=True),
    ),
}

#: Of the methods of `runge_kutta`, which have as many stages.
ORDER_OF = {"midpoint": 2, "heun3": 3}


@attrs.frozen
class Passes:
    """Evaluations per sample: the paper's F counts all of them, B those with a graph."""

    student: int = 0
    student_grad: int = 0
    ema: int = 0
    teacher: int = 0


def oracle_step_of(subject: Subject) -> OracleStep:
    oracle = attrs.evolve(mixture_oracle(subject.linear), substeps=8)
    return fixed_point_step(subject.loss(), subject.sampler, oracle, ORACLE_ROWS)


def measured_order(subject: Subject, method: str) -> float:
    """p of the residual at the exact secant, which falls as (s - t)^p."""
    oracle = attrs.evolve(mixture_oracle(subject.linear), substeps=32)
    batch, t = oracle.batch(200, torch.Generator().manual_seed(5)), torch.full((200,), 0.7)
    none = torch.zeros((200, 0), dtype=torch.float64)
    residual = []
    for width in (0.05, 0.025):
        times = in_float64(Times(t, t - width, none, none, None))
        ctx = OracleContext(oracle, 200)
        residual.append(
            subject.loss(method=method)(ctx, batch, times).per_sample.detach().mean().sqrt()
        )
    return float((residual[0] / residual[1]).log2())


def claimed_passes(name: str, choice: Choice) -> Passes:
    """What the table of the paper says, for K draws and m Picard iterations or Euler steps."""
    if name == "monte_carlo":
        return Passes(student_grad=1, teacher=choice.draws * (1 + choice.substeps))
    if name == "runge_kutta":
        return Passes(student_grad=1, teacher=ORDER_OF[choice.method])
    draws, estimates = choice.draws, choice.draws * choice.picard_iterations
    self_tangents = draws if name == "stei" and choice.tangent == "self" else 0
    frozen = 0 if name == "tangent" else estimates + self_tangents
    grad = {"sdei": 1, "stei": 2, "sdee": draws, "stee": draws, "tangent": 1}[name]
    asks_teacher = name in ("sdei", "sdee") or (name == "stei" and choice.tangent == "teacher")
    live = choice.weights == "live"
    return Passes(
        student=frozen if live else 0,
        student_grad=grad,
        ema=0 if live else frozen,
        teacher=draws if asks_teacher else 0,
    )


def measured_passes(ctx: NetContext) -> Passes:
    rows = (ctx.live.rows[False], ctx.live.rows[True], ctx.ema.rows[False], ctx.master.rows[False])
    return Passes(*(n // ROWS for n in rows))


def options_of(subject: Subject, choice: Choice) -> dict[str, object]:
    known = {field.name for field in attrs.fields(subject.options_class)}
    return {k: v for k, v in attrs.asdict(choice).items() if k in known}


def failed_network_checks(subject: Subject, choice: Choice) -> set[str]:
    """'counts' and 'reference', as far as they fail."""
    batch, times = inputs(choice.draws, choice.guidance)
    ctx, by_hand = NetContext(subject.trigonometric), NetContext(subject.trigonometric)
    value = subject.loss(**options_of(subject, choice))(ctx, batch, times).per_sample
    failed = set()
    if measured_passes(ctx) != claimed_passes(subject.name, choice):
        failed.add("counts")
    expected = reference(subject.name, by_hand, batch, times, choice)
    value.sum().backward()
    expected.sum().backward()
    same = torch.allclose(value, expected, rtol=1e-10) and _same_gradients(ctx, by_hand)
    return failed if same else failed | {"reference"}


def _same_gradients(ctx: NetContext, by_hand: NetContext) -> bool:
    """Of all three networks; only the student's exist."""
    pairs = [
        (a.grad, b.grad)
        for name in ("live", "ema", "master")
        for a, b in zip(
            getattr(ctx, name).parameters(), getattr(by_hand, name).parameters(), strict=True
        )
    ]
    return all(
        a is b if a is None or b is None else torch.allclose(a, b, rtol=1e-8) for a, b in pairs
    )


def _is_fixed_point(subject: Subject, step: OracleStep) -> bool:
    """Whether the mean gradient vanishes at the exact secant; of a rule, to its order."""
    if subject.name != "runge_kutta":
        return step.worst_z <= Z_LIMIT
    return all(abs(measured_order(subject, m) - p) < 0.3 for m, p in ORDER_OF.items())


def failed_checks(subject: Subject) -> set[str]:
    """The names of the checks that the subject fails."""
    step = oracle_step_of(subject)
    failed = set()
    if not _is_fixed_point(subject, step):
        failed.add("fixed_point")
    if step.worst_ks > KS_LIMIT * (2 if subject.loss_class.points_note else 1):
        failed.add("marginals")
    for choice in CHOICES[subject.name]:
        failed |= failed_network_checks(subject, choice)
    return failed
