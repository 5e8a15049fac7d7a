"""Options of the losses along the teacher's trajectory. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import option

#: As `secantfw.TimesNeed.law`, said again because that module is read with torch-free listings.
Law = Literal["uniform", "stratified", "antithetic", "gauss_legendre"]
#: Of order 2 and 3.
Method = Literal["midpoint", "heun3"]


@attrs.frozen
class MonteCarloOptions:
    """Options of `monte_carlo`."""

    draws: int = option(2, "K interior times r per sample", ge=1, limit=1_024)
    law: Law = option(
        "stratified", "the law of r; 'gauss_legendre' is a fixed rule with a quadrature bias"
    )
    substeps: int = option(
        1,
        "m steps of `train.teacher_solver` from one interior time to the next",
        ge=1,
        limit=10_000,
    )

    def __attrs_post_init__(self) -> None:
        if self.law == "antithetic" and self.draws % 2:
            raise ValueError(f"antithetic draws come in pairs; draws = {self.draws} is odd")


@attrs.frozen
class RungeKuttaOptions:
    """Options of `runge_kutta`."""

    method: Method = option(
        "heun3", "the explicit method whose step t -> s is the target: 2 or 3 evaluations"
    )
