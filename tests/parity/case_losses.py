"""Cases of losses: the four of the secant release with their gradients, and SiT's own.

Times and labels are taken as the files record them; the noise is the recorded draw.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from secantfw_basics.paths.linear import Linear
from secantfw_basics.times.ends import in_range
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
from secantfw_sit.time_range import training_range
from torch import Tensor

from secantfw import Batch, Cond, Context, Path, SecantLoss, Times
from secantfw.experiment.schema import Guidance
from secantfw.parallel.context import RunContext
from secantfw.runtime.randomness import Streams
from secantfw.training.batches import BatchSource

from .case_paths import NAMES
from .case_sampling import TRANSPORT, known, path_of
from .case_times import times
from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, suffix_of
from .networks import build_student, build_teacher, spec_of
from .tolerance import stated


def picard(case: Case) -> None:
    """The loss of each row in both precisions; the gradient of its mean in float64; the times."""
    times(case)
    _conditions(case)
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
    said = _entry(case)
    student = build_student(case.golden, dtype)
    ctx = _context(case, student, dtype, Linear())
    terms = _loss(said)(ctx, _batch(case, said, dtype), _times(case, dtype))
    terms.per_sample.mean().backward()
    gradients = {
        name: torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        for name, parameter in student.network.named_parameters()
    }
    return terms.per_sample.detach(), gradients


def _conditions(case: Case) -> None:
    """Label drops (the released rate is .1) and scales: the trainer's, from the recorded draws."""
    draws, released = case.golden.under(f"draw/{case.name}"), _entry(case)["online_cfg"]
    order = case.golden.sidecar["loss_draw_order"][case.name]
    u = dict(zip(order, (draws[key] for key in sorted(draws)), strict=True))
    low, _, high = (released or "").partition("-")
    scales = (float(low), float(high)) if high and "cfg_u" in u else None
    source = BatchSource(
        SimpleNamespace(spec=spec_of(case.golden), size=lambda split: 1),  # type: ignore[arg-type]
        Guidance(range=scales, label_dropout=0.1),
        Streams(0, torch.device("cpu")),
        seed=0,
        batch_size=1,
    )
    feed = [u[key].clone() for key in ("drop_u", "cfg_u") if key in u]
    y = case.golden["in/y_train"]
    with mock.patch("torch.rand", side_effect=feed) as rand:
        cond, cond_data = source._conditions(y, len(y), step=0)
    assert rand.call_count == len(feed)
    case.check(f"out/{case.name}/dropped_y", cond_data.label)
    if scales:
        assert torch.equal(cond.label, y)
        case.check(f"out/{case.name}/cfg", cond.guidance, stated(case.golden, ".f32"))


def _entry(case: Case) -> dict[str, Any]:
    return next(e for e in case.golden.sidecar["losses"] if e["name"] == case.name)


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
    """SiT's losses are the tangent loss of a network with equal time embeddings.

    t is uniform on SiT's range. Its weights are of the error of what is predicted, ours of the
    tangent's: its None is "noise" where noise or the score is predicted.
    """
    said = next(e for e in case.golden.sidecar["cases"] if e["name"] == case.name)
    model = known(TRANSPORT, said["transport"])
    prediction, weight = model["prediction"], model["loss_weight"] or "noise"
    weighting = "velocity" if prediction == "velocity" else weight
    times = training_range(NAMES[model["path_type"]], prediction)
    path = path_of(model["path_type"], times)
    draws = case.golden.under(f"draw/{case.name}")
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        t = in_range(path, 1 - draws["01_rand"].to(dtype))
        student = build_student(
            case.golden, dtype, one_time=True, path=path, prediction=prediction
        )
        cond = Cond(case.golden["in/y"])
        x_0, z = case.golden["in/x1"].to(dtype), draws["00_randn"].to(dtype)
        batch = Batch(x_0, z, cond, cond, index=t)
        none = t.new_zeros(len(t), 0)
        loss = Tangent(TangentOptions(weighting))
        terms = loss(_context(case, student, dtype, path), batch, Times(t, t, none, none))
        case.check(name, terms.per_sample)


def _is_sit_losses(said: Sidecar) -> bool:
    cases = said.get("cases", ())
    return "hidden_size" in said.get("ctor", {}) and all("transport" in c for c in cases) and cases


KINDS = {"sit losses": _is_sit_losses}

ROWS = (
    Row("secant.*", r"(sdei|stei|sdee|stee)_.*", picard),
    Row("sit losses", r".*", tangent),
)
