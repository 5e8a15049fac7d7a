"""Cases of the file of paths: coefficients, points and tangents, mirrored into SiT's time."""

from __future__ import annotations

from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP

from secantfw import Batch, Cond

from .comparison import Case
from .dispatch import Row, Sidecar

#: SiT's names of the paths.
PATHS = {"Linear": Linear, "GVP": Trigonometric, "VP": VP}
TOLERANCE = 1e-12


def path(case: Case) -> None:
    """alpha, sigma and derivatives, whose sign turns with time; x_t; the conditional tangent."""
    given = case.golden.under("in")
    here, t = PATHS[case.name](), 1 - given["t"]
    c = here.coefficients(t)
    batch = Batch(given["x1_data"], given["x0_noise"], Cond(), Cond(), index=t)
    values = {
        "alpha": c.alpha,
        "sigma": c.sigma,
        "d_alpha": -c.d_alpha,
        "d_sigma": -c.d_sigma,
        "d_alpha_alpha_ratio": -c.d_alpha / c.alpha,
        "xt": here.point(batch, t),
        "ut": -here.tangent(batch, t),
    }
    for name in case.names:
        value = values.get(name.rsplit("/", 1)[1])
        if value is not None:
            case.check(name, value, TOLERANCE)


def _is_paths(said: Sidecar) -> bool:
    return {"in/x0_noise", "in/x1_data"} <= set(said.get("tensors", ()))


KINDS = {"paths": _is_paths}

ROWS = (Row("paths", r"Linear|GVP|VP", path),)
