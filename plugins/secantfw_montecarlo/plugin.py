"""What this plug-in brings."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.loss(
        "monte_carlo",
        "secantfw_montecarlo.monte_carlo:MonteCarlo",
        options="secantfw_montecarlo.options:MonteCarloOptions",
        summary="secant distillation along the teacher's trajectory, solved by eF; 1 + K (1 + e)F",
        cite=("arXiv:2505.14502",),
    )
    register.loss(
        "runge_kutta",
        "secantfw_montecarlo.runge_kutta:RungeKutta",
        options="secantfw_montecarlo.options:RungeKuttaOptions",
        summary="secant distillation on one Runge-Kutta step of the teacher; heun3: 4F 1B",
        cite=("arXiv:2505.14502",),
    )
