"""Options of a time grid: what solvers and time samplers share. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw.options import option

Spacing = Literal["uniform", "shifted", "logsnr", "rho", "logit_normal"]

#: The options that each spacing reads beside `spacing` itself.
_READ: dict[str, tuple[str, ...]] = {
    "uniform": (),
    "shifted": ("shift",),
    "logsnr": ("sigma_min", "sigma_max"),
    "rho": ("rho", "sigma_min", "sigma_max"),
    "logit_normal": ("mean", "std"),
}


@attrs.frozen
class GridOptions:
    """Where N steps end, as `secantfw.step_times` places them."""

    spacing: Spacing = option(
        "uniform",
        "steps of equal length in t, in t shifted to the noise (SD3, Flux), in the logarithm of "
        "the level sigma / alpha, in its root (EDM), or of equal mass under a logit-normal law",
    )
    shift: float = option(3.0, "of 'shifted'; above 1: shorter steps in the noise", gt=0)
    rho: float = option(7.0, "the root that 'rho' takes; larger: shorter steps near data", gt=0)
    sigma_min: float = option(
        0.002, "level sigma / alpha of the last step but one, under 'logsnr' and 'rho'", gt=0
    )
    sigma_max: float = option(80.0, "level that pure noise is taken for there", gt=0)
    mean: float = option(
        0.0, "mean of ln(t / (1 - t)) under 'logit_normal'; above 0: shorter steps in the noise"
    )
    std: float = option(
        1.0,
        "standard deviation of ln(t / (1 - t)) under 'logit_normal'; below 1.6: longer end steps",
        gt=0,
    )

    def __attrs_post_init__(self) -> None:
        if not self.sigma_min < self.sigma_max:
            raise ValueError(
                f"sigma_min must be below sigma_max, got {self.sigma_min} and {self.sigma_max}"
            )

    def grid_text(self) -> str:
        """The spacing and the options it reads: "logit_normal (mean 0, std 1.3)".

        Two records with equal texts give equal grids.
        """
        read = ", ".join(f"{name} {getattr(self, name):g}" for name in _READ[self.spacing])
        return f"{self.spacing} ({read})" if read else self.spacing
