"""Bugs of `sdei`."""

from __future__ import annotations

from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations, own
from .shared import SHARED

_SQUARE = "(f - target).square()"
_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"

SDEI = mutations(
    "sdei",
    *SHARED,
    (
        "target at t instead of r",
        own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_t, times.t, cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "teacher asked at x_r but at time t",
        own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_r, times.t, cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "teacher asked at time r but at x_t",
        own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_t, r, cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        own("sdei", _SQUARE, "(f + target).square()"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        own("sdei", _SQUARE, "(f - target).abs()"),
        REFERENCE,
    ),
    (
        "t and s of the student exchanged",
        own("sdei", _PASS, _PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "conditions of the data term",
        own("sdei", "self.options, batch.cond\n", "self.options, batch.cond_data\n"),
        REFERENCE,
    ),
    (
        "teacher asked twice",
        own("sdei", "ctx.teacher(x_r, r, cond)", "(ctx.teacher(x_r, r, cond) + "
             "ctx.teacher(x_r, r, cond)) / 2"),
        COUNTS,
    ),
)  # fmt: skip
