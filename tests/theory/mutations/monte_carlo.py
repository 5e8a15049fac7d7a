"""Bugs of `monte_carlo`."""

from __future__ import annotations

from ..subject import Patch
from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations
from .shared import INTERIOR, LINEAR

_LOSS, _ALONG = "secantfw_montecarlo.monte_carlo", "secantfw_montecarlo.estimate"
_SOLVE, _ASK = "ctx.solve_teacher(x, u, r_k, substeps, cond)", "ctx.teacher(x, u, cond)"
_MC_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"
_MC_ERROR = "(f - tangents.mean()).square()"

MONTE_CARLO = mutations(
    "monte_carlo",
    (
        "r drawn with a squared law",
        Patch(INTERIOR, "    return u, weight\n", "    return u.square(), weight\n"),
        FIXED,
    ),
    (
        "data and noise swapped in x_t",
        Patch(LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
        MARGINALS,
    ),
    (
        "tangent at x_t",
        Patch(_ALONG, _ASK, _ASK.replace("x,", "x_t,")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "tangent at time t",
        Patch(_ALONG, _ASK, _ASK.replace("u,", "times.t,")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "each solve starts at the point x_t",
        Patch(_ALONG, _SOLVE, _SOLVE.replace("x,", "x_t,")),
        f"{MARGINALS} {REFERENCE}",
    ),
    (
        "each solve starts at the time t",
        Patch(_ALONG, _SOLVE, _SOLVE.replace("u,", "times.t,")),
        f"{MARGINALS} {REFERENCE}",
    ),
    (
        "solves end at s",
        Patch(_ALONG, _SOLVE, _SOLVE.replace("r_k,", "times.s,")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "the farthest time first",
        Patch(_ALONG, ".argsort(1)", ".argsort(1, descending=True)"),
        REFERENCE,
    ),
    (
        "the times as they were drawn",
        Patch(_ALONG, "times.r.gather(1, order)", "times.r"),
        REFERENCE,
    ),
    (
        "weights of other draws",
        Patch(_ALONG, "times.r_weight.gather(1, order)", "times.r_weight"),
        REFERENCE,
    ),
    (
        "weights ignored",
        Patch(_ALONG, "* self.value).sum(0)", "* 0 + self.value).mean(0)"),
        REFERENCE,
    ),
    (
        "only the nearest draw counts",
        Patch(_ALONG, "* self.value).sum(0)", "* 0 + self.value)[0]"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "one solver step, whatever m",
        Patch(_ALONG, _SOLVE, _SOLVE.replace("substeps", "1")),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "a tangent more for each draw",
        Patch(_ALONG, _ASK, f"({_ASK} + {_ASK}) / 2"),
        COUNTS,
    ),
    (
        "sign of the target",
        Patch(_LOSS, _MC_ERROR, _MC_ERROR.replace("-", "+")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        Patch(_LOSS, _MC_ERROR, _MC_ERROR.replace("square", "abs")),
        REFERENCE,
    ),
    (
        "t and s of the student exchanged",
        Patch(_LOSS, _MC_PASS, _MC_PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student with the conditions of the data term",
        Patch(_LOSS, _MC_PASS, _MC_PASS.replace("batch.cond", "batch.cond_data")),
        REFERENCE,
    ),
)
