"""Cases of the file of paths: coefficients, points, tangents, conversions and diffusions, mirrored
into SiT's time; and SiT's time ranges."""

from __future__ import annotations

import itertools

import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.paths.trigonometric import Trigonometric
from secantfw_basics.paths.vp import VP
from secantfw_sit.time_range import margins, sampling_range
from secantfw_solvers.sde.process import diffusion
from torch import Tensor

from secantfw import (
    Batch,
    Cond,
    Path,
    noise_from_velocity,
    noising,
    score_from_noise,
    score_from_velocity,
    velocity_from_noise,
    velocity_from_score,
)

from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import Golden
from .tolerance import stated

#: SiT's names of the paths, and ours.
PATHS = {"Linear": Linear, "GVP": Trigonometric, "VP": VP}
NAMES = {"Linear": "linear", "GVP": "trigonometric", "VP": "vp"}
DIFFUSIONS = {
    "constant": "constant",
    "SBDM": "sbdm",
    "sigma": "sigma",
    "linear": "linear",
    "decreasing": "decreasing",
    "increasing-decreasing": "increasing_decreasing",
}


def path(case: Case) -> None:
    """Each value by its name; a name without a value is not compared, and so a failure."""
    here, t = PATHS[case.name](), 1 - case.golden["in/t"]
    values = {
        **_coefficients(here, t, case.golden),
        **_conversions(here, t, case.golden),
        **_diffusions(here, t, case),
    }
    for name in case.names:
        value = values.get(name.rsplit("/", 1)[1])
        if value is not None:
            case.check(name, value, stated(case.golden, ""))


def _coefficients(here: Path, t: Tensor, golden: Golden) -> dict[str, Tensor]:
    """Derivatives change sign with time."""
    c, batch = here.coefficients(t), _batch(golden, t)
    return {
        "alpha": c.alpha,
        "sigma": c.sigma,
        "d_alpha": -c.d_alpha,
        "d_sigma": -c.d_sigma,
        "d_alpha_alpha_ratio": -c.d_alpha / c.alpha,
        "xt": here.point(batch, t),
        "ut": -here.tangent(batch, t),
    }


def _conversions(here: Path, t: Tensor, golden: Golden) -> dict[str, Tensor]:
    """`vec` stands for what a model gives; SiT's compute_drift gives the noising process."""
    x, vec, process = here.point(_batch(golden, t), t), golden["in/vec"], noising(here, t)
    of_score = -velocity_from_score(here, x, t, vec)
    return {
        "drift_mean": process.rate.view(-1, *[1] * (x.ndim - 1)) * x,
        "drift_var": process.diffusion,
        "noise_from_velocity": noise_from_velocity(here, x, t, -vec),
        "score_from_velocity": score_from_velocity(here, x, t, -vec),
        "score_from_noise_model": score_from_noise(here, t, vec),
        "score_from_score_model": vec,
        "velocity_from_score": of_score,
        "ode_drift_from_score": of_score,
        "ode_drift_from_noise": -velocity_from_noise(here, x, t, vec),
    }


def _diffusions(here: Path, t: Tensor, case: Case) -> dict[str, Tensor]:
    """The constant one is the norm of all."""
    constant = f"out/{case.name}/diffusion_constant"
    norm = case.golden[constant][0].item() if constant in case.names else 1.0
    return {
        f"diffusion_{name}": diffusion(here, t, form, norm) for name, form in DIFFUSIONS.items()
    }


def check_interval(case: Case) -> None:
    """Rows: path x prediction x SDE x last step size; columns: t0, t1, train_eps, sample_eps."""
    rows = itertools.product(
        NAMES.values(), ("velocity", "noise", "score"), (False, True), (0.0, 0.04)
    )
    found = []
    for name, prediction, stochastic, last in rows:
        times = sampling_range(name, prediction, stochastic=stochastic, last_step_size=last)
        margin = margins(name, prediction)
        found.append([1 - times.t_max, 1 - times.t_min, margin.train, margin.sample])
    for name in case.names:
        case.check(name, torch.tensor(found, dtype=torch.float64), stated(case.golden, ""))


def _batch(golden: Golden, t: Tensor) -> Batch:
    return Batch(golden["in/x1_data"], golden["in/x0_noise"], Cond(), Cond(), index=t)


def _is_paths(said: Sidecar) -> bool:
    return {"in/x0_noise", "in/x1_data"} <= set(said.get("tensors", ()))


KINDS = {"paths": _is_paths}

ROWS = (
    Row("paths", r"Linear|GVP|VP", path),
    Row("paths", r"check_interval", check_interval),
)
