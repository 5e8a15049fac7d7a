"""Options of the solvers. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option

#: D(t) of dx = (v + D score) dt + sqrt(2 D) dB, in secantfw's time (t = 1 is noise).
Diffusion = Literal["sigma", "linear", "constant", "decreasing", "increasing_decreasing", "sbdm"]
LastStep = Literal["mean", "tweedie", "euler", "none"]


@attrs.frozen
class Dopri5Options:
    """Options of `dopri5`."""

    rtol: float = option(1e-3, "error of a step allowed, relative to x", gt=0)
    atol: float = option(1e-6, "error of a step allowed, beside the relative one", ge=0)
    end: Literal["exact", "interpolated"] = option(
        "exact",
        "'interpolated' steps past the end and interpolates back, as SiT samples; the field is "
        "then asked outside the path's range",
    )


@attrs.frozen
class SDEOptions:
    """Options of `euler_maruyama` and `sde_heun`; the defaults are SiT's."""

    diffusion: Diffusion = option(
        "sigma", "D(t): how much noise is drawn and taken away again on the way"
    )
    norm: float = option(1.0, "factor of D(t)", ge=0)
    last_step: LastStep = option(
        "mean",
        "the last step draws no noise: along the SDE's drift, to Tweedie's mean of x_0, along "
        "the tangent; 'none': it is like the others",
    )
    last_step_size: float = option(0.04, "length of the last step, in time", gt=0, lt=1)
