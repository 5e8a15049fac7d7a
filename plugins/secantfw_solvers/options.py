"""Options of the solvers. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import GridOptions, option

#: D(t) of dx = (v + D score) dt + sqrt(2 D) dB, in secantfw's time (t = 1 is noise).
Diffusion = Literal["sigma", "linear", "constant", "decreasing", "increasing_decreasing", "sbdm"]
LastStep = Literal["mean", "tweedie", "euler", "none"]


_LOWER_ORDER_FINAL = "the last steps fall to order 1, which is steadier in few steps"


@attrs.frozen
class AdamsBashforthOptions(GridOptions):
    """Options of `adams_bashforth`."""

    order: int = option(2, "order of convergence", ge=1, le=4)


@attrs.frozen
class IPNDMOptions(GridOptions):
    """Options of `ipndm`."""

    order: int = option(4, "evaluations that a step combines", ge=1, le=4)


@attrs.frozen
class DEISOptions(GridOptions):
    """Options of `deis`."""

    order: int = option(2, "evaluations that a step combines", ge=1, le=3)
    polynomial: Literal["t", "log_rho"] = option(
        "t", "noise is a polynomial in time ('tab'), or in the logarithm of sigma / alpha"
    )
    lower_order_final: bool = option(True, _LOWER_ORDER_FINAL)


@attrs.frozen
class DPMSolverPPOptions(GridOptions):
    """Options of `dpm_solver_pp`."""

    order: int = option(2, "evaluations that a step combines: 1S (DDIM), 2M, 3M", ge=1, le=3)
    lower_order_final: bool = option(True, _LOWER_ORDER_FINAL)


@attrs.frozen
class UniPCOptions(GridOptions):
    """Options of `unipc`."""

    order: int = option(2, "evaluations that the predictor combines", ge=1, le=3)
    variant: Literal["bh1", "bh2"] = option(
        "bh2", "B(h) = h or 1 - exp(-h); 'bh1' for unconditional sampling in few steps"
    )
    lower_order_final: bool = option(True, _LOWER_ORDER_FINAL)


@attrs.frozen
class SecantRestartOptions(GridOptions):
    """Options of `secant_restart`."""

    gamma: float = option(
        0.5,
        "how far each step overshoots its end towards the data before it is noised back; "
        "0: plain secants, 1: always to the data",
        ge=0,
        le=1,
    )


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
