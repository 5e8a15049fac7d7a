"""Bugs of `sdee`."""

from __future__ import annotations

from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations, own
from .shared import SHARED

_SQUARE = "(f - target).square()"
_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"

SDEE = mutations(
    "sdee",
    *SHARED,
    (
        "teacher asked at the estimated end",
        own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_t, times.t, batch.cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "real point at t instead of r",
        own("sdee", "ctx.path.point(batch, r)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student starts from the real point",
        own("sdee", _PASS, _PASS.replace("x_t", "x_r")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student reads r -> s",
        own("sdee", _PASS, _PASS.replace("times.t", "r")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        own("sdee", _SQUARE, "(f + target).square()"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "teacher conditioned as the data",
        own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_r, r, batch.cond_data)"),
        REFERENCE,
    ),
    (
        "teacher asked at time r but at x_t",
        own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_t, r, batch.cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "teacher asked twice",
        own("sdee", "target = ctx.teacher(x_r, r, batch.cond)",
             "target = ctx.teacher(x_r, r, batch.cond)\n"
             "        target = (target + ctx.teacher(x_r, r, batch.cond)) / 2"),
        COUNTS,
    ),
    (
        "estimate of the end s",
        own("sdee", "x_r, r, times.t,", "x_r, r, times.s,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "estimate from t to r",
        own("sdee", "x_r, r, times.t,", "x_r, times.t, r,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "t and s of the student exchanged",
        own("sdee", _PASS, _PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        own("sdee", _SQUARE, "(f - target).abs()"),
        REFERENCE,
    ),
)  # fmt: skip
