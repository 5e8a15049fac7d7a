"""Bugs of `stee`."""

from __future__ import annotations

from ..subject import Patch
from .mutation import FIXED, MARGINALS, REFERENCE, mutations, own
from .shared import LINEAR, SHARED

_STEE_SQUARE = "(f - ctx.path.tangent(batch, r)).square()"

STEE = mutations(
    "stee",
    *SHARED,
    (
        "target at t instead of r",
        own("stee", "ctx.path.tangent(batch, r)", "ctx.path.tangent(batch, times.t)"),
        REFERENCE,
    ),
    (
        "data and noise swapped in the tangent",
        Patch(LINEAR, "batch.z - batch.x_0", "batch.x_0 - batch.z"),
        FIXED,
    ),
    (
        "target is the noise",
        own("stee", "ctx.path.tangent(batch, r)", "batch.z"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "real point at t instead of r",
        own("stee", "ctx.path.point(batch, r)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student starts from the real point",
        own("stee", "ctx.student(x_t,", "ctx.student(x_r,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        own("stee", _STEE_SQUARE, _STEE_SQUARE.replace("-", "+")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        own("stee", _STEE_SQUARE, _STEE_SQUARE.replace("square", "abs")),
        REFERENCE,
    ),
    (
        "conditions of the distilled losses",
        own("stee", "self.options, batch.cond_data", "self.options, batch.cond"),
        REFERENCE,
    ),
)
