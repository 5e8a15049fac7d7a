"""Seeded bugs: one change of the source each, and checks that catch it (others may, too)."""

from __future__ import annotations

import attrs

from .subject import Patch

FIXED, MARGINALS, COUNTS, REFERENCE = "fixed_point", "marginals", "counts", "reference"
_PICARD, _DRAWS = "secantfw_picard.picard", "secantfw_picard.draws"
_TANGENT = "secantfw_picard.tangent"
_INTERIOR = "secantfw.interfaces.interior"
_LINEAR = "secantfw_basics.paths.linear"
_ESTIMATE = "y = torch.addcmul(x, step, network(x, p, q, cond, grad=False))"


@attrs.frozen
class Mutation:
    """A bug in the loss `loss`, or in what it stands on, and what it is caught by."""

    loss: str
    title: str
    patch: Patch
    caught_by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.loss}: {self.title}"


def _mutations(loss: str, *rows: tuple[str, Patch, str]) -> list[Mutation]:
    return [Mutation(loss, title, patch, tuple(by.split())) for title, patch, by in rows]


def _own(loss: str, old: str, new: str) -> Patch:
    return Patch(f"secantfw_picard.{loss}", old, new)


#: Bugs of the parts that all four secant losses share.
_SHARED = (
    (
        "r drawn with a squared law",
        Patch(_INTERIOR, "    return u, weight\n", "    return u.square(), weight\n"),
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
        Patch(_LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
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

_SQUARE = "(f - target).square()"
_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"

_SDEI = _mutations(
    "sdei",
    *_SHARED,
    (
        "target at t instead of r",
        _own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_t, times.t, cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "teacher asked at x_r but at time t",
        _own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_r, times.t, cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "teacher asked at time r but at x_t",
        _own("sdei", "ctx.teacher(x_r, r, cond)", "ctx.teacher(x_t, r, cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        _own("sdei", _SQUARE, "(f + target).square()"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        _own("sdei", _SQUARE, "(f - target).abs()"),
        REFERENCE,
    ),
    (
        "t and s of the student exchanged",
        _own("sdei", _PASS, _PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "conditions of the data term",
        _own("sdei", "self.options, batch.cond\n", "self.options, batch.cond_data\n"),
        REFERENCE,
    ),
    (
        "teacher asked twice",
        _own("sdei", "ctx.teacher(x_r, r, cond)", "(ctx.teacher(x_r, r, cond) + "
             "ctx.teacher(x_r, r, cond)) / 2"),
        COUNTS,
    ),
)  # fmt: skip

_SELF = "ctx.guided_tangent(network, x_r, r, cond)"

_STEI = _mutations(
    "stei",
    *_SHARED,
    (
        "self tangent is the secant from t",
        _own("stei", "self._tangent(ctx, x_r, r, cond)", "self._tangent(ctx, x_t, times.t, cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "self tangent without stop-gradient",
        _own("stei", _SELF, "network(x_r, r, r, cond, grad=True)"),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "self secant from r to 0 instead of its tangent",
        _own("stei", _SELF, "network(x_r, r, 0 * r, cond, grad=False)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "self tangent of the other weights",
        _own("stei", 'if self.options.weights == "live"', 'if self.options.weights != "live"'),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "lambda ignored",
        _own("stei", "diffusion, alpha=self.options.diffusion_weight", "diffusion, alpha=1.0"),
        REFERENCE,
    ),
    (
        "lambda on the secant term",
        _own("stei", "torch.add(secant, diffusion,", "torch.add(diffusion, secant,"),
        REFERENCE,
    ),
    (
        "tau target at t",
        _own("stei", "ctx.path.tangent(batch, tau)", "ctx.path.tangent(batch, times.t)"),
        REFERENCE,
    ),
    (
        "tau target of the wrong sign",
        _own("stei", "ctx.path.tangent(batch, tau)", "-ctx.path.tangent(batch, tau)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "x_tau at t",
        _own("stei", "ctx.path.point(batch, tau)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "halves of the conditions exchanged",
        _own("stei", "_stack(batch.cond, batch.cond_data)", "_stack(batch.cond_data, batch.cond)"),
        REFERENCE,
    ),
    (
        "secant term conditioned as the data",
        _own("stei", "self.options, batch.cond\n", "self.options, batch.cond_data\n"),
        REFERENCE,
    ),
    (
        "diffusion term also when fused",
        _own("stei", "        if self.options.fused:",
             "        tangent_loss(ctx, batch, times.tau)\n        if self.options.fused:"),
        COUNTS,
    ),
)  # fmt: skip

_SDEE = _mutations(
    "sdee",
    *_SHARED,
    (
        "teacher asked at the estimated end",
        _own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_t, times.t, batch.cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "real point at t instead of r",
        _own("sdee", "ctx.path.point(batch, r)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student starts from the real point",
        _own("sdee", _PASS, _PASS.replace("x_t", "x_r")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student reads r -> s",
        _own("sdee", _PASS, _PASS.replace("times.t", "r")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        _own("sdee", _SQUARE, "(f + target).square()"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "teacher conditioned as the data",
        _own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_r, r, batch.cond_data)"),
        REFERENCE,
    ),
    (
        "teacher asked at time r but at x_t",
        _own("sdee", "ctx.teacher(x_r, r, batch.cond)", "ctx.teacher(x_t, r, batch.cond)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "teacher asked twice",
        _own("sdee", "target = ctx.teacher(x_r, r, batch.cond)",
             "target = ctx.teacher(x_r, r, batch.cond)\n"
             "        target = (target + ctx.teacher(x_r, r, batch.cond)) / 2"),
        COUNTS,
    ),
    (
        "estimate of the end s",
        _own("sdee", "x_r, r, times.t,", "x_r, r, times.s,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "estimate from t to r",
        _own("sdee", "x_r, r, times.t,", "x_r, times.t, r,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "t and s of the student exchanged",
        _own("sdee", _PASS, _PASS.replace("times.t, times.s", "times.s, times.t")),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        _own("sdee", _SQUARE, "(f - target).abs()"),
        REFERENCE,
    ),
)  # fmt: skip

_STEE_SQUARE = "(f - ctx.path.tangent(batch, r)).square()"

_STEE = _mutations(
    "stee",
    *_SHARED,
    (
        "target at t instead of r",
        _own("stee", "ctx.path.tangent(batch, r)", "ctx.path.tangent(batch, times.t)"),
        REFERENCE,
    ),
    (
        "data and noise swapped in the tangent",
        Patch(_LINEAR, "batch.z - batch.x_0", "batch.x_0 - batch.z"),
        FIXED,
    ),
    (
        "target is the noise",
        _own("stee", "ctx.path.tangent(batch, r)", "batch.z"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "real point at t instead of r",
        _own("stee", "ctx.path.point(batch, r)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "student starts from the real point",
        _own("stee", "ctx.student(x_t,", "ctx.student(x_r,"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "sign of the target",
        _own("stee", _STEE_SQUARE, _STEE_SQUARE.replace("-", "+")),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "absolute instead of squared error",
        _own("stee", _STEE_SQUARE, _STEE_SQUARE.replace("square", "abs")),
        REFERENCE,
    ),
    (
        "conditions of the distilled losses",
        _own("stee", "self.options, batch.cond_data", "self.options, batch.cond"),
        REFERENCE,
    ),
)

_CALL = "ctx.student(x_t, t, t, batch.cond_data, grad=True)"
_TARGET = "ctx.path.tangent(batch, t)"

_TANGENT_LOSS = _mutations(
    "tangent",
    (
        "data and noise swapped in x_t",
        Patch(_LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
        f"{FIXED} {MARGINALS}",
    ),
    (
        "data and noise swapped in the tangent",
        Patch(_LINEAR, "batch.z - batch.x_0", "batch.x_0 - batch.z"),
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

_LOSS, _ALONG = "secantfw_montecarlo.monte_carlo", "secantfw_montecarlo.estimate"
_SOLVE, _ASK = "ctx.solve_teacher(x, u, r_k, substeps, cond)", "ctx.teacher(x, u, cond)"
_MC_PASS = "ctx.student(x_t, times.t, times.s, batch.cond, grad=True)"
_MC_ERROR = "(f - tangents.mean()).square()"

_MONTE_CARLO = _mutations(
    "monte_carlo",
    (
        "r drawn with a squared law",
        Patch(_INTERIOR, "    return u, weight\n", "    return u.square(), weight\n"),
        FIXED,
    ),
    (
        "data and noise swapped in x_t",
        Patch(_LINEAR, "lerp(batch.x_0, batch.z", "lerp(batch.z, batch.x_0"),
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

#: What is no loss's own.
SHARED_PATCHES = [patch for _, patch, _ in _SHARED]
MUTATIONS = [*_SDEI, *_STEI, *_SDEE, *_STEE, *_TANGENT_LOSS, *_MONTE_CARLO]
