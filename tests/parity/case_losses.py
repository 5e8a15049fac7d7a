"""Cases of losses: the four of the secant release with their gradients, and SiT's own.

Times and labels are taken as the files record them; the noise is the recorded draw.
"""

from __future__ import annotations

from typing import Any

import torch
from secantfw_basics.paths.linear import Linear
from secantfw_picard.options import (
    SDEEOptions,
    SDEIOptions,
    STEEOptions,
    STEIOptions,
    TangentOptions,
)
from secantfw_picard.sdee import SDEE
from secantfw_picard.sdei import SDEI
from secantfw_picard.stee import STEE
from secantfw_picard.stei import STEI
from secantfw_picard.tangent import Tangent
from torch import Tensor

from secantfw import Batch, Cond, Context, Path, SecantLoss, Times
from secantfw.training.context import RunContext

from .case_paths import PATHS
from .case_times import continuous
from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, suffix_of
from .networks import build_student, build_teacher, spec_of


def picard(case: Case) -> None:
    """The loss of each row in both precisions; the gradient of its mean in float64; the times."""
    continuous(case)
    for name in case.names:
        if "/loss." in name:
            case.check(name, _evaluate(case, PRECISIONS[suffix_of(name)])[0])
    _, gradients = _evaluate(case, torch.float64)
    for name in case.names:
        if "/grad/" in name:
            case.check(name, gradients[name.split("/grad/")[1]])
        elif "/grad_norm" in name:
            names = case.golden.sidecar["grad_names"]
            case.check(name, torch.stack([gradients[key].norm() for key in names]))


def _evaluate(case: Case, dtype: torch.dtype) -> tuple[Tensor, dict[str, Tensor]]:
    """The loss of each row, and the gradient of the mean by parameter name."""
    said = next(entry for entry in case.golden.sidecar["losses"] if entry["name"] == case.name)
    student = build_student(case.golden, dtype)
    ctx = _context(case, student, dtype, Linear())
    terms = _loss(said)(ctx, _batch(case, said, dtype), _times(case, dtype))
    terms.per_sample.mean().backward()
    gradients = {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in student.network.named_parameters()
    }
    return terms.per_sample.detach(), gradients


def _loss(said: dict[str, Any]) -> SecantLoss:
    if said["loss"] == "stei":
        tangent = "self" if said["teacher"] == "self" else "teacher"
        return STEI(STEIOptions(tangent=tangent))
    losses = {
        "sdei": lambda: SDEI(SDEIOptions()),
        "sdee": lambda: SDEE(SDEEOptions()),
        "stee": lambda: STEE(STEEOptions()),
    }
    return losses[said["loss"]]()


def _batch(case: Case, said: dict[str, Any], dtype: torch.dtype) -> Batch:
    """With an embedded scale: clean labels and the scale for the secant; dropped labels and
    scale 1 for the data's own tangent, or no scale at all (STEE). Without one: dropped labels."""
    golden = case.golden
    x_0 = golden["in/x1"].to(dtype)
    z = golden[f"draw/{case.name}/00_randn"].to(dtype)
    dropped = Cond(golden[f"out/{case.name}/dropped_y"])
    index = torch.arange(len(x_0))
    if said["online_cfg"] is None or said["loss"] == "stee":
        return Batch(x_0, z, dropped, dropped, index)
    recorded = golden.tensors.get(f"out/{case.name}/cfg")
    scale = torch.ones(len(x_0), dtype=dtype)
    w = scale * float(said["online_cfg"]) if recorded is None else recorded.to(dtype)
    cond_data = Cond(dropped.label, scale)
    return Batch(x_0, z, Cond(golden["in/y_train"], w), cond_data, index)


def _times(case: Case, dtype: torch.dtype) -> Times:
    """The recorded times, mirrored."""
    at = {
        k: (1 - v).to(dtype)
        for k, v in case.golden.under(f"out/{case.name}").items()
        if k in ("t", "s", "r", "tau")
    }
    r = at["r"].unsqueeze(1)
    return Times(at["t"], at["s"], r, torch.ones_like(r), tau=at.get("tau"))


def _context(case: Case, student: Any, dtype: torch.dtype, path: Path) -> Context:
    teacher = build_teacher(case.golden, dtype) if case.golden.under("teacher") else None
    return RunContext(
        path=path,
        student=student,
        ema=student,
        teacher=teacher,
        null=spec_of(case.golden).num_classes,
        streams=None,
        steps=1,
        teacher_solver=None,
    )


def tangent(case: Case) -> None:
    """SiT's loss of a velocity model is the tangent loss of a network with equal time embeddings.

    t is uniform on [0, 1]; on VP SiT stops 1e-5 before the data.
    """
    path_name = case.name.split("_")[0]
    draws = case.golden.under(f"draw/{case.name}")
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        x_0 = case.golden["in/x1"].to(dtype)
        u = draws["01_rand"].to(dtype)
        t = 1 - (u * (1 - 1e-5) if path_name == "VP" else u)
        student = build_student(case.golden, dtype, one_time=True)
        ctx = _context(case, student, dtype, PATHS[path_name]())
        cond = Cond(case.golden["in/y"])
        batch = Batch(x_0, draws["00_randn"].to(dtype), cond, cond, index=t)
        none = t.new_zeros(len(t), 0)
        terms = Tangent(TangentOptions())(ctx, batch, Times(t, t, none, none))
        case.check(name, terms.per_sample)


def _is_sit_losses(said: Sidecar) -> bool:
    cases = said.get("cases", ())
    return "hidden_size" in said.get("ctor", {}) and all("transport" in c for c in cases) and cases


KINDS = {"sit losses": _is_sit_losses}

ROWS = (
    Row("secant.*", r"(sdei|stei|sdee)_teacher_.*|stee_.*", picard),
    Row("secant", r"stei_self_.*", picard),
    Row("sit losses", r".*_velocity_None", tangent),
)
