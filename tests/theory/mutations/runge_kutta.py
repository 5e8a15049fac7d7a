"""Bugs of `runge_kutta`."""

from __future__ import annotations

from ..subject import Patch
from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations
from .shared import LINEAR

_LOSS = "secantfw_montecarlo.runge_kutta"
_STAGE = "ctx.teacher(torch.addcmul(x_t, width, k, value=c), torch.lerp(t, s, c), cond)"
_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"
_ERROR = "(f - target).square()"

RUNGE_KUTTA = mutations(
    "runge_kutta",
    (
        "data and noise swapped in x_t",
        Patch(LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
        MARGINALS,
    ),
    (
        "every stage at time t",
        Patch(_LOSS, _STAGE, _STAGE.replace("torch.lerp(t, s, c)", "t")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "every stage at the point x_t",
        Patch(_LOSS, _STAGE, _STAGE.replace("value=c", "value=0")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "stages on the other side of t",
        Patch(_LOSS, "at(s - t, x_t)", "at(t - s, x_t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "the first stage forgotten",
        Patch(_LOSS, "secant = stages.b[0] * k", "secant = 0 * k"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "stages unweighted",
        Patch(_LOSS, "torch.add(secant, k, alpha=b)", "torch.add(secant, k)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "the weights of heun3 the other way round",
        Patch(_LOSS, "(1 / 4, 0.0, 3 / 4)", "(3 / 4, 0.0, 1 / 4)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "heun3 asks at one and two quarters",
        Patch(_LOSS, "(0.0, 1 / 3, 2 / 3)", "(0.0, 1 / 4, 2 / 4)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "the midpoint a third of the way",
        Patch(_LOSS, "(0.0, 1 / 2), (0.0, 1.0)", "(0.0, 1 / 3), (0.0, 1.0)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "a stage more",
        Patch(_LOSS, f"k = {_STAGE}", f"k = ({_STAGE} + {_STAGE}) / 2"),
        COUNTS,
    ),
    (
        "sign of the target",
        Patch(_LOSS, _ERROR, _ERROR.replace("-", "+")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        Patch(_LOSS, _ERROR, _ERROR.replace("square", "abs")),
        REFERENCE,
    ),
    (
        "t and s of the student exchanged",
        Patch(_LOSS, _PASS, _PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{MARGINALS} {REFERENCE}",
    ),
    (
        "student with the conditions of the data term",
        Patch(_LOSS, _PASS, _PASS.replace("batch.cond", "batch.cond_data")),
        REFERENCE,
    ),
)
