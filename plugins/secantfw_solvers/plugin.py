"""What this plug-in brings. A new solver is a module here and a line below."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1

_OPTIONS = "secantfw_solvers.options:"


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.solver(
        "dopri5",
        "secantfw_solvers.dopri5:Dopri5",
        options=_OPTIONS + "Dopri5Options",
        summary="adaptive Dormand-Prince, order 5(4), by torchdiffeq; six evaluations a step",
        cite=("doi:10.1016/0771-050X(80)90013-3", "arXiv:1806.07366"),
    )
    register.solver(
        "euler_maruyama",
        "secantfw_solvers.sde.euler_maruyama:EulerMaruyama",
        options=_OPTIONS + "SDEOptions",
        summary="the SDE with the tangent's marginals, strong order 1/2; one evaluation a step",
        cite=("arXiv:2401.08740", "arXiv:2011.13456"),
        expected_failures=_STOCHASTIC,
    )
    register.solver(
        "sde_heun",
        "secantfw_solvers.sde.heun:SDEHeun",
        options=_OPTIONS + "SDEOptions",
        summary="the same SDE: noise first, then a Heun step; two evaluations a step",
        cite=("arXiv:2401.08740", "arXiv:2206.00364"),
        expected_failures=_STOCHASTIC,
    )


_STOCHASTIC = {
    "check_goes_both_ways_with_times_of_each_row": (
        "a path of the SDE does not end where the ODE's trajectory does"
    )
}
