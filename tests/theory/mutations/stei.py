"""Bugs of `stei`."""

from __future__ import annotations

from .mutation import COUNTS, FIXED, MARGINALS, REFERENCE, mutations, own
from .shared import SHARED

_SELF = "ctx.guided_tangent(network, x_r, r, cond)"

STEI = mutations(
    "stei",
    *SHARED,
    (
        "self tangent is the secant from t",
        own("stei", "self._tangent(ctx, x_r, r, cond)", "self._tangent(ctx, x_t, times.t, cond)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "self tangent without stop-gradient",
        own("stei", _SELF, "network(x_r, r, r, cond, grad=True)"),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "self secant from r to 0 instead of its tangent",
        own("stei", _SELF, "network(x_r, r, 0 * r, cond, grad=False)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "self tangent of the other weights",
        own("stei", 'if self.options.weights == "live"', 'if self.options.weights != "live"'),
        f"{COUNTS} {REFERENCE}",
    ),
    (
        "lambda ignored",
        own("stei", "diffusion, alpha=self.options.diffusion_weight", "diffusion, alpha=1.0"),
        REFERENCE,
    ),
    (
        "lambda on the secant term",
        own("stei", "torch.add(secant, diffusion,", "torch.add(diffusion, secant,"),
        REFERENCE,
    ),
    (
        "tau target at t",
        own("stei", "ctx.path.tangent(batch, tau)", "ctx.path.tangent(batch, times.t)"),
        REFERENCE,
    ),
    (
        "tau target of the wrong sign",
        own("stei", "ctx.path.tangent(batch, tau)", "-ctx.path.tangent(batch, tau)"),
        f"{FIXED} {REFERENCE}",
    ),
    (
        "x_tau at t",
        own("stei", "ctx.path.point(batch, tau)", "ctx.path.point(batch, times.t)"),
        f"{FIXED} {MARGINALS} {REFERENCE}",
    ),
    (
        "halves of the conditions exchanged",
        own("stei", "_stack(batch.cond, batch.cond_data)", "_stack(batch.cond_data, batch.cond)"),
        REFERENCE,
    ),
    (
        "secant term conditioned as the data",
        own("stei", "self.options, batch.cond\n", "self.options, batch.cond_data\n"),
        REFERENCE,
    ),
    (
        "diffusion term also when fused",
        own("stei", "        if self.options.fused:",
             "        tangent_loss(ctx, batch, times.tau)\n        if self.options.fused:"),
        COUNTS,
    ),
)  # fmt: skip
