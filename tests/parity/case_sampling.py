"""Cases of samples: SiT's ODE and SDE solvers, and the few steps of the released sampler.

Official times are float32 numbers, whatever the precision. So a float32 result is compared with
one call of our solver, and a float64 result with a chain of our single steps on SiT's grid. Where
what follows from a time (alpha, sigma, D) enters a result, its float64 is only as good as those.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest import mock

import attrs
import torch
from secantfw_basics.options import HeunOptions, PathOptions, VPOptions
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.heun import Heun
from secantfw_basics.solvers.secant import SecantSteps
from secantfw_sit.time_range import TimeRange, sampling_range
from secantfw_solvers.dopri5 import Dopri5
from secantfw_solvers.options import Dopri5Options, SDEOptions
from secantfw_solvers.sde.euler_maruyama import EulerMaruyama
from secantfw_solvers.sde.heun import SDEHeun
from torch import Tensor

from secantfw import Cond, Field, Path, Solver
from secantfw.experiment.schema import Guidance
from secantfw.sampling.field import student_field, teacher_field

from .case_paths import DIFFUSIONS, NAMES, PATHS
from .case_sit import HalvesOfSiT
from .comparison import Case
from .dispatch import Row
from .golden import PRECISIONS, suffix_of
from .networks import build_student, build_teacher, embedding_of, spec_of
from .tolerance import limit, stated_of_adaptive

ADAPTIVE = "dopri5"
#: Choosing its steps, an adaptive solver sees the rounding of the times.
FLOAT32_TIMES = torch.finfo(torch.float32).eps / 4
FLOAT32_COEFFICIENTS = 4 * torch.finfo(torch.float32).eps
SOLVERS: dict[str, Solver] = {"euler": Euler(), "heun2": Heun(HeunOptions(final="heun"))}
SDE_SOLVERS: dict[str, type[Solver]] = {"Euler": EulerMaruyama, "Heun": SDEHeun}
#: SiT's defaults, where a sidecar leaves them out.
TRANSPORT = {"path_type": "Linear", "prediction": "velocity", "loss_weight": None}
ODE = {"sampling_method": "dopri5", "num_steps": 50, "atol": 1e-6, "rtol": 1e-3}
SDE = {
    "sampling_method": "Euler",
    "diffusion_form": "SBDM",
    "diffusion_norm": 1.0,
    "last_step": "Mean",
    "last_step_size": 0.04,
    "num_steps": 250,
}


def ode(case: Case) -> None:
    """n grid points are n - 1 steps; an adaptive solver makes its own."""
    said = _entry(case, "ode")
    kw, model = known(ODE, said["kw"]), known(TRANSPORT, said.get("transport", {}))
    times = sampling_range(NAMES[model["path_type"]], model["prediction"])
    for name in case.names:
        start = _start(case, name, said, model, times)
        steps = kw["num_steps"] - 1
        if kw["sampling_method"] == ADAPTIVE:
            solver = Dopri5(Dopri5Options(kw["rtol"], kw["atol"], "interpolated"))
            found = start.solve(solver, times, 1)
            case.check(name, found, _adaptive_limit(case, name, kw, model))
            continue
        solver = SOLVERS[kw["sampling_method"]]
        once = start.solve(solver, times, steps)
        chained = start.chain(solver, _grid(times, kw["num_steps"]))
        found = once if name.endswith(".f32") else chained
        case.check(name, found, _limit(case, name, model["prediction"] != "velocity"))


def sde(case: Case) -> None:
    """n grid points are n - 1 steps with noise and the last one, whose size is its own."""
    said = _entry(case, "sde")
    kw, model = known(SDE, said["kw"]), known(TRANSPORT, said.get("transport", {}))
    last = "none" if kw["last_step"] is None else kw["last_step"].lower()
    size = 0.0 if last == "none" else kw["last_step_size"]
    options = SDEOptions(
        DIFFUSIONS[kw["diffusion_form"]], kw["diffusion_norm"], last, kw["last_step_size"]
    )
    times = sampling_range(
        NAMES[model["path_type"]],
        model["prediction"],
        stochastic=True,
        last_step_size=size,
        sbdm=kw["diffusion_form"] == "SBDM",
    )
    draws = case.golden.under(f"draw/{case.name}")
    solver_class = SDE_SOLVERS[kw["sampling_method"]]
    for name in case.names:
        start = _start(case, name, said, model, times)
        noise = [draws[key].to(start.x.dtype) for key in sorted(draws)]
        assert len(noise) == kw["num_steps"] - 1
        if name.endswith(".f32"):
            whole = attrs.evolve(times, t_min=times.t_min - size)
            steps = len(noise) + (last != "none")
            with mock.patch("torch.randn", side_effect=noise):
                found = start.solve(solver_class(options), whole, steps)
        else:
            noisy = solver_class(attrs.evolve(options, last_step="none"))
            with mock.patch("torch.randn", side_effect=noise):
                found = start.chain(noisy, _grid(times, kw["num_steps"]))
            if last != "none":
                end = TimeRange(times.t_min - size, times.t_min)
                found = attrs.evolve(start, x=found).solve(solver_class(options), end, 1)
        case.check(name, found, _limit(case, name, True))


def _limit(case: Case, name: str, from_coefficients: bool) -> float | None:
    """As stated (None), or a few float32 roundings of coefficients in a float64 result."""
    if not from_coefficients or name.endswith(".f32"):
        return None
    return max(limit(case.golden, ".f64"), FLOAT32_COEFFICIENTS)


def _adaptive_limit(case: Case, name: str, kw: dict[str, Any], model: dict[str, Any]) -> float:
    """Its choice of steps sees every rounding: in float32 the official results differ by 1e-4 from
    their own float64, and the sidecar states how far that may go."""
    allowed = limit(case.golden, suffix_of(name))
    if name.endswith(".f32"):
        return max(allowed, stated_of_adaptive(case.golden))
    return max(allowed, FLOAT32_TIMES if model["prediction"] == "velocity" else kw["rtol"])


class Float32Times(Field):
    """A field asked at float32 numbers of SiT's time, as SiT asks its models."""

    def __init__(self, field: Field) -> None:
        self.field, self.path = field, field.path

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        return self.field.tangent(x, 1 - (1 - t).float().to(t.dtype), cond)


@attrs.frozen(eq=False)
class Start:
    """What is integrated, and from where."""

    field: Field
    x: Tensor
    cond: Cond

    def solve(self, solver: Solver, times: TimeRange, steps: int) -> Tensor:
        """From t_max to t_min in one call."""
        return self._step(solver, self.x, times.t_max, times.t_min, steps)

    def chain(self, solver: Solver, grid: Sequence[tuple[float, float]]) -> Tensor:
        """One call of one step for each (t, s)."""
        x = self.x
        for t, s in grid:
            x = self._step(solver, x, t, s, 1)
        return x

    @torch.no_grad()
    def _step(self, solver: Solver, x: Tensor, t: float, s: float, steps: int) -> Tensor:
        ones = torch.ones(len(x), dtype=x.dtype)
        return solver.solve(self.field, x, t * ones, s * ones, steps, self.cond, torch.Generator())


def _start(
    case: Case, name: str, said: dict[str, Any], model: dict[str, Any], times: TimeRange
) -> Start:
    """The teacher from SiT's inputs; under guidance from two halves, labelled and null."""
    dtype = PRECISIONS[suffix_of(name)]
    given = case.golden.inputs(dtype)
    path = path_of(model["path_type"], times)
    teacher = build_teacher(case.golden, dtype, "state", path, model["prediction"])
    null = spec_of(case.golden).num_classes
    if said.get("cfg") is None:
        field = Float32Times(teacher_field(teacher, Guidance(), null))
        return Start(field, given["x"], Cond(given["y"]))
    field = Float32Times(HalvesOfSiT(teacher, said["cfg"], null))
    return Start(field, given["z_cfg"], Cond(given["y_cfg"]))


def path_of(name: str, times: TimeRange) -> Path:
    """The path by SiT's name, on a range of times."""
    options = VPOptions if name == "VP" else PathOptions
    return PATHS[name](options(times.t_min, times.t_max))


def _grid(times: TimeRange, points: int) -> list[tuple[float, float]]:
    """(t, s) for each step of SiT's float32 grid, mirrored; s - t is its rounded difference."""
    grid = torch.linspace(1 - times.t_max, 1 - times.t_min, points)
    return [
        (1 - u, 1 - u - width)
        for u, width in zip(grid[:-1].tolist(), grid.diff().tolist(), strict=True)
    ]


def known(defaults: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
    """What a sidecar says, completed; what is not understood is not passed over."""
    unknown = sorted(set(said) - set(defaults))
    assert not unknown, f"arguments that are not understood: {unknown}"
    return {**defaults, **said}


def few_steps(case: Case) -> None:
    """A guidance interval [lo, hi) of SiT's time is 1 - hi < t <= 1 - lo here."""
    said = _entry(case, "fewstep")
    low, high = (float(end) for end in said["interval"].split(","))
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        guidance = Guidance(
            # Any range makes the field tell the student its scale.
            range=(1.0, 2.0) if said["embed"] else None,
            scale=said["cfg"],
            interval=(1 - high, 1 - low),
        )
        field = student_field(
            _network(case, dtype, said), path_of("Linear", WHOLE), guidance, _null(case)
        )
        start = Start(field, given["z_sample"], Cond(given["y_sample"]))
        case.check(name, start.solve(SecantSteps(), WHOLE, said["N"]))
        assert field.nfe == _rows(said, guidance)


WHOLE = TimeRange(0.0, 1.0)


def _rows(said, guidance) -> int:
    """A student that is not told its scale takes two rows where it is guided."""
    starts = [1 - i / said["N"] for i in range(said["N"])]
    low, high = guidance.interval
    guided = [t for t in starts if (low <= 0 or t > low + 1e-6) and t <= high + 1e-6]
    two_calls = guidance.range is None and guidance.scale != 1.0
    return said["N"] + (len(guided) if two_calls else 0)


def _null(case: Case) -> int:
    return spec_of(case.golden).num_classes


def _network(case: Case, dtype: torch.dtype, said: dict[str, Any]) -> Any:
    """The student; where two calls make the guidance, an embedder is told scale 1 as released."""
    student = build_student(case.golden, dtype)
    by_calls = not said["embed"] and said["cfg"] > 1
    if not by_calls or embedding_of(case.golden)["guidance_embedding"] == "none":
        return student

    def told_one(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return student(x, t, s, Cond(cond.label, torch.ones_like(t)))

    return told_one


def _entry(case: Case, table: str) -> dict[str, Any]:
    return next(entry for entry in case.golden.sidecar[table] if entry["name"] == case.name)


ROWS = (
    Row("sit", r"ode_.*", ode),
    Row("sit", r"sde_.*", sde),
    Row("secant.*", r"fewstep_.*", few_steps),
)
