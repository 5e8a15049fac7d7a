"""Cases of samples: SiT's fixed-step ODE solvers, and the few steps of the released sampler."""

from __future__ import annotations

from typing import Any

import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.solvers.euler import Euler
from secantfw_basics.solvers.heun import Heun
from secantfw_basics.solvers.secant import SecantSteps
from torch import Tensor

from secantfw import Cond, Solver
from secantfw.experiment.schema import Guidance
from secantfw.sampling.field import CountedField, student_field, teacher_field

from .comparison import Case
from .dispatch import Row
from .golden import PRECISIONS, suffix_of
from .networks import build_student, build_teacher, embedding_of, spec_of
from .tolerance import limit

#: In float64 too, the official time grid and the framework's guidance scale are float32 numbers.
FLOAT32_GRID = 1e-8
FLOAT32_SCALE = 5e-8

SOLVERS: dict[str, type[Solver]] = {"euler": Euler, "heun2": Heun}


def ode(case: Case) -> None:
    """n grid points are n - 1 steps. The path does not matter to a velocity model."""
    said = _entry(case, "ode")
    solver = SOLVERS[said["kw"]["sampling_method"]]()
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        teacher = build_teacher(case.golden, dtype, weights="state", path=Linear())
        field = teacher_field(teacher, Guidance(), spec_of(case.golden).num_classes)
        steps = said["kw"]["num_steps"] - 1
        sample = _solve(solver, field, given["x"], given["y"], steps)
        case.check(name, sample, _at_least(case, name, FLOAT32_GRID))


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
            _network(case, dtype, said), Linear(), guidance, spec_of(case.golden).num_classes
        )
        sample = _solve(SecantSteps(), field, given["z_sample"], given["y_sample"], said["N"])
        case.check(name, sample, _at_least(case, name, FLOAT32_SCALE))


def _network(case: Case, dtype: torch.dtype, said: dict[str, Any]) -> Any:
    """The student; where two calls make the guidance, an embedder is told scale 1 as released."""
    student = build_student(case.golden, dtype)
    by_calls = not said["embed"] and said["cfg"] > 1
    if not by_calls or embedding_of(case.golden)["guidance_embedding"] == "none":
        return student

    def told_one(x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        return student(x, t, s, Cond(cond.label, torch.ones_like(t)))

    return told_one


@torch.no_grad()
def _solve(solver: Solver, field: CountedField, z: Tensor, y: Tensor, steps: int) -> Tensor:
    ones = torch.ones(z.shape[0], dtype=z.dtype)
    sample = solver.solve(field, z, ones, 0 * ones, steps, Cond(y))
    assert field.evaluations == solver.evaluations(steps)
    return sample


def _at_least(case: Case, name: str, tolerance: float) -> float:
    """The limit of a result, or a wider one in float64."""
    allowed = limit(case.golden, suffix_of(name))
    return max(allowed, tolerance) if name.endswith(".f64") else allowed


def _entry(case: Case, table: str) -> dict[str, Any]:
    return next(entry for entry in case.golden.sidecar[table] if entry["name"] == case.name)


ROWS = (
    Row("sit", r"ode_(euler_\d+|heun2|euler_GVP)", ode),
    Row("secant.*", r"fewstep_.*", few_steps),
)
