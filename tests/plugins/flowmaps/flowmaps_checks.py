"""What a loss is held to, each check with a name: a mutation is caught by what it fails."""

from __future__ import annotations

import attrs
import torch
from flowmaps_reference import reference
from flowmaps_subject import Patch, build

from secantfw.testing.fixed_point import Z_LIMIT, OracleStep, fixed_point_step
from secantfw.testing.network_context import NetworkContext, loss_inputs
from secantfw.testing.oracle import mixture_oracle
from secantfw.testing.reference_paths import QuarterCircle, StraightLine
from secantfw.testing.reference_times import ReferenceTimes

#: Options to compare under, with the evaluations a row costs: student without and with a graph,
#: EMA copy, teacher.
CASES: dict[str, tuple[tuple[dict[str, object], tuple[int, int, int, int]], ...]] = {
    "mean_flow": (
        ({}, (0, 1, 0, 0)),
        ({"power": 0.0}, (0, 1, 0, 0)),
        ({"tangent": "teacher", "power": 0.5, "offset": 0.01}, (0, 1, 0, 1)),
    ),
    "shortcut": (
        ({"finest": 3}, (0, 1, 2, 0)),
        ({"finest": 3, "weights": "live"}, (2, 1, 0, 0)),
    ),
    "consistency_training": (
        ({}, (1, 1, 0, 0)),
        ({"weights": "ema", "huber": 0.3}, (0, 1, 1, 0)),
    ),
    "consistency_distillation": (
        ({}, (0, 1, 1, 1)),
        ({"weights": "live", "huber": 0.1, "solver_steps": 2}, (1, 1, 0, 2)),
    ),
    "lagrangian": (({}, (0, 1, 0, 1)),),
    "eulerian": (({}, (0, 1, 0, 1)),),
}
#: Options under which the exact secant is the fixed point; consistency training has none.
FIXED = {
    "mean_flow": {"power": 0.0},
    "shortcut": {},
    "consistency_distillation": {},
    "lagrangian": {},
    "eulerian": {},
}


def oracle_step_of(name: str, options: dict[str, object], patch: Patch | None = None):
    """The loss at the exact secant, on times of every length."""
    oracle = attrs.evolve(mixture_oracle(StraightLine()), substeps=8)
    return fixed_point_step(build(name, options, patch), ReferenceTimes(False), oracle, 4000)


def moves_from_the_exact_secant(step: OracleStep) -> bool:
    return step.worst_z > Z_LIMIT


def failed_checks(name: str, patch: Patch | None = None) -> set[str]:
    """'reference' (values and gradients) and 'counts', as far as they fail under any options."""
    failed = set()
    for options, cost in CASES[name]:
        loss = build(name, options, patch)
        ctx, by_hand = NetworkContext(QuarterCircle()), NetworkContext(QuarterCircle())
        given = loss_inputs(loss.times_needed(), ctx.path, False, guidance=True)
        mid = torch.lerp(given.times.t, given.times.s, 0.3)  # halves would hide which is which
        times = attrs.evolve(given.times, mid=mid)
        got = loss(ctx, given.batch, times).per_sample
        expected = reference(name, by_hand, given.batch, times, options)
        if _cost(ctx) != cost:
            failed.add("counts")
        if not torch.allclose(got, expected, rtol=1e-5, atol=1e-7):  # times are float32
            failed.add("reference")
        for a, b in zip(_gradient(ctx, got), _gradient(by_hand, expected), strict=True):
            if not torch.allclose(a, b, rtol=1e-4, atol=1e-5):
                failed.add("reference")
    return failed


def _cost(ctx: NetworkContext) -> tuple[int, ...]:
    calls = [(c.network, c.output.requires_grad) for c in ctx.calls]
    kinds = (("student", False), ("student", True), ("target", False), ("teacher", False))
    return tuple(calls.count(kind) for kind in kinds)


def _gradient(ctx: NetworkContext, per_sample: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.autograd.grad(per_sample.sum(), tuple(ctx.live.parameters()))
