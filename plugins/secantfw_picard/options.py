"""Options of the Picard losses. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option

#: As `secantfw.TimesNeed.law`, said again because that module is read with torch-free listings.
Law = Literal["uniform", "stratified", "antithetic", "gauss_legendre"]
#: "live": the weights in training, as in the paper; "ema": their moving average.
Weights = Literal["live", "ema"]
#: Whatever the network predicts, || v - v_t ||^2 times 1, (alpha / W)^2 or 1 / diffusion.
Weighting = Literal["velocity", "noise", "likelihood"]

_DRAWS = "K interior times r per sample"
_LAW = "the law of r; 'gauss_legendre' is a fixed rule with a quadrature bias"
_ITERATIONS = "Picard iterations of the estimated point; above 1 the network must go both ways"
_WEIGHTS = "whose network makes the estimates without gradient"


@attrs.frozen
class SDEIOptions:
    """Options of `sdei`."""

    draws: int = option(1, _DRAWS, ge=1, limit=1_024)
    law: Law = option("uniform", _LAW)
    picard_iterations: int = option(1, _ITERATIONS, ge=1, limit=1_000)
    weights: Weights = option("live", _WEIGHTS)


@attrs.frozen
class STEIOptions:
    """Options of `stei`."""

    draws: int = option(1, _DRAWS, ge=1, limit=1_024)
    law: Law = option("uniform", _LAW)
    picard_iterations: int = option(1, _ITERATIONS, ge=1, limit=1_000)
    weights: Weights = option("live", _WEIGHTS)
    tangent: Literal["self", "teacher"] = option(
        "self", "whose tangent is the target: the network's own, or the teacher's as released"
    )
    diffusion_weight: float = option(1.0, "lambda, the weight of the diffusion loss at tau", ge=0)
    fused: bool = option(True, "x_t and x_tau go through the network in one call of 2B rows")


@attrs.frozen
class SDEEOptions:
    """Options of `sdee`."""

    draws: int = option(1, _DRAWS + ", with a student pass each", ge=1, limit=1_024)
    law: Law = option("uniform", _LAW)
    picard_iterations: int = option(1, _ITERATIONS, ge=1, limit=1_000)
    weights: Weights = option("live", _WEIGHTS)


@attrs.frozen
class STEEOptions:
    """Options of `stee`."""

    draws: int = option(1, _DRAWS + ", with a student pass each", ge=1, limit=1_024)
    law: Law = option("uniform", _LAW)
    picard_iterations: int = option(1, _ITERATIONS, ge=1, limit=1_000)
    weights: Weights = option("live", _WEIGHTS)


@attrs.frozen
class TangentOptions:
    """Options of `tangent`."""

    weighting: Weighting = option(
        "velocity",
        "which error is squared: of v, of the noise z (z and score models, by default), or "
        "of v by the likelihood's weight",
    )
