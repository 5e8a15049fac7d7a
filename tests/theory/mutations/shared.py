"""Bugs of the parts that all four secant losses share."""

from __future__ import annotations

from ..subject import Patch
from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE

INTERIOR = "secantfw.interfaces.interior"
LINEAR = "secantfw_basics.paths.linear"
_PICARD, _DRAWS = "secantfw_picard.picard", "secantfw_picard.draws"
_ESTIMATE = "y = torch.addcmul(x, step, network(x, p, q, cond, grad=False))"

#: Bugs of the parts that all four secant losses share.
SHARED = (
    (
        "r drawn with a squared law",
        Patch(INTERIOR, "    return u, weight\n", "    return u.square(), weight\n"),
        FIXED,
    ),
    (
        "half a Picard step",
        Patch(_PICARD, "at(q - p, x)", "at(0.5 * (q - p), x)"),
        REFERENCE,
    ),
    (
        "Picard step of the wrong sign",
        Patch(_PICARD, "at(q - p, x)", "at(p - q, x)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "tangent instead of secant in the Picard step",
        Patch(_PICARD, _ESTIMATE, _ESTIMATE.replace("x, p, q", "x, p, p")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "times of the Picard step exchanged",
        Patch(_PICARD, _ESTIMATE, _ESTIMATE.replace("x, p, q", "x, q, p")),
        f"{MARGINALS} {REFERENCE}",
    ),
    (
        "estimate without stop-gradient",
        Patch(_PICARD, _ESTIMATE, _ESTIMATE.replace("grad=False", "grad=True")),
        COUNTS,
    ),
    (
        "EMA and live weights exchanged",
        Patch(_PICARD, 'if weights == "live"', 'if weights != "live"'),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "one Picard iteration too many",
        Patch(_PICARD, "range(iterations - 1)", "range(iterations)"),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "data and noise swapped in x_t",
        Patch(LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
        MARGINALS,
    ),
    (
        "K draws not averaged",
        Patch(_DRAWS, "return mean", "return mean * len(values)"),
        REFERENCE,
    ),
    (
        "weights of the draws ignored",
        Patch(_DRAWS, "[at(w, values[0])", "[at(w * 0 + 1 / len(weight[0]), values[0])"),
        REFERENCE,
    ),
    (
        "only the last draw counts",
        Patch(_DRAWS, "torch.addcmul(mean, value, w)", "value"),
        REFERENCE,
    ),
)

#: What is no loss's own.
SHARED_PATCHES = [patch for _, patch, _ in SHARED]
