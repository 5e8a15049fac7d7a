"""Bugs of `tangent`."""

from __future__ import annotations

from ..subject import Patch
from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations
from .shared import LINEAR

_TANGENT = "secantfw_picard.tangent"
_CALL = "ctx.student(x_t, t, t, batch.cond_data, grad=True)"
_TARGET = "ctx.path.tangent(batch, t)"

TANGENT_LOSS = mutations(
    "tangent",
    (
        "data and noise swapped in x_t",
        Patch(LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
        f"{FIXED} {MARGINALS}",
    ),
    (
        "data and noise swapped in the tangent",
        Patch(LINEAR, "batch.z - batch.x_0", "batch.x_0 - batch.z"),
        FIXED,
    ),
    (
        "sign of the target",
        Patch(_TANGENT, _TARGET, "-" + _TARGET),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "half the target",
        Patch(_TANGENT, _TARGET, "0.5 * " + _TARGET),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "target is the noise",
        Patch(_TANGENT, _TARGET, "batch.z"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "tangent of another time",
        Patch(_TANGENT, _TARGET, "ctx.path.tangent(batch, 1 - t)"),
        REFERENCE,
    ),
    (
        "secant to s = 0 instead of s = t",
        Patch(_TANGENT, _CALL, _CALL.replace("t, t,", "t, 0 * t,")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "point of another time",
        Patch(_TANGENT, "ctx.path.point(batch, t)", "ctx.path.point(batch, t * t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        Patch(_TANGENT, "tangent(batch, t)).square()", "tangent(batch, t)).abs()"),
        REFERENCE,
    ),
    (
        "conditions of the secant",
        Patch(_TANGENT, "batch.cond_data", "batch.cond"),
        REFERENCE,
    ),
    (
        "one evaluation too many",
        Patch(_TANGENT, f"f = {_CALL}", f"f = {_CALL[:-10]})\n    f = {_CALL}"),
        COUNTS,
    ),
)
