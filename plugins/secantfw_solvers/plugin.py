"""What this plug-in brings. A new solver is a module here and a line below."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1

_OPTIONS = "secantfw_solvers.options:"


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    _runge_kutta(register)
    _multistep(register)
    _stochastic(register)


def _runge_kutta(register: Any) -> None:
    register.solver(
        "heun3",
        "secantfw_solvers.runge_kutta.heun3:Heun3",
        options=_OPTIONS + "GridOptions",
        summary="Heun's third-order method; three evaluations a step, none at its end",
        cite=("doi:10.1007/978-3-540-78862-1",),
    )
    register.solver(
        "rk4",
        "secantfw_solvers.runge_kutta.rk4:RK4",
        options=_OPTIONS + "GridOptions",
        summary="the classical Runge-Kutta method, order 4; four evaluations a step",
        cite=("doi:10.1007/BF01446807",),
    )
    register.solver(
        "dopri5",
        "secantfw_solvers.dopri5:Dopri5",
        options=_OPTIONS + "Dopri5Options",
        summary="adaptive Dormand-Prince, order 5(4), by torchdiffeq; six evaluations a step",
        cite=("doi:10.1016/0771-050X(80)90013-3", "arXiv:1806.07366"),
    )


def _multistep(register: Any) -> None:
    register.solver(
        "adams_bashforth",
        "secantfw_solvers.multistep.adams_bashforth:AdamsBashforth",
        options=_OPTIONS + "AdamsBashforthOptions",
        summary="Adams-Bashforth of order 1 to 4; one evaluation a step after the start",
        cite=("doi:10.1007/978-3-540-78862-1",),
    )
    register.solver(
        "ipndm",
        "secantfw_solvers.multistep.ipndm:IPNDM",
        options=_OPTIONS + "IPNDMOptions",
        summary="iPNDM: DDIM along a mean of the last noises; one evaluation a step",
        cite=("arXiv:2204.13902", "arXiv:2202.09778"),
    )
    register.solver(
        "deis",
        "secantfw_solvers.multistep.deis:DEIS",
        options=_OPTIONS + "DEISOptions",
        summary="DEIS: noise as a polynomial in time or log rho; one evaluation a step",
        cite=("arXiv:2204.13902",),
    )
    register.solver(
        "dpm_solver_pp",
        "secantfw_solvers.multistep.dpm_solver_pp:DPMSolverPP",
        options=_OPTIONS + "DPMSolverPPOptions",
        known_as=("ddim", "dpm++", "dpmpp", "dpm_solver", "dpm_solver++"),
        summary="DPM-Solver++ 1S (DDIM), 2M and 3M; one evaluation a step",
        cite=("arXiv:2211.01095", "arXiv:2010.02502"),
    )
    register.solver(
        "unipc",
        "secantfw_solvers.multistep.unipc:UniPC",
        options=_OPTIONS + "UniPCOptions",
        summary="UniPC: DPM-Solver++ with a corrector; one evaluation a step",
        cite=("arXiv:2302.04867",),
        expected_failures=_LAST_STEP,
    )


def _stochastic(register: Any) -> None:
    register.solver(
        "secant_restart",
        "secantfw_solvers.secant_restart:SecantRestart",
        options=_OPTIONS + "SecantRestartOptions",
        summary="secant steps that overshoot and are noised back; one evaluation a step",
        cite=("arXiv:2310.02279", "arXiv:2306.14878", "arXiv:2303.01469"),
        expected_failures=_RESTARTED,
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
_RESTARTED = {
    **_STOCHASTIC,
    "check_steps_along_exact_secants_are_exact": "noise takes each step off the trajectory",
}
_LAST_STEP = {
    "check_measured_order_is_the_claimed_one": (
        "64 steps are of order nearly 3; the last one, of order 1, shows only in more"
    )
}
