"""Cases of EDM's networks: raw, under each preconditioning, and as velocity on three paths."""

from __future__ import annotations

import torch
from secantfw_edm.backbone import EDMBackbone
from secantfw_edm.design import Design
from secantfw_edm.options import EDMOptions
from secantfw_edm.preconditioning import IDDPM, VP
from torch import Tensor

from secantfw import BuildSite, Cond, WeightsHeader

from .case_paths import PATHS
from .comparison import Case
from .dispatch import Row, Sidecar
from .edm_networks import FAMILIES, Denoiser, ctor_of, spec_of, teacher_of
from .golden import PRECISIONS, Golden, suffix_of

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-6}
#: The one noise level of the cases `*_scalar_sigma`, which the files do not hold.
SCALAR_SIGMA = 0.37


@torch.no_grad()
def raw(case: Case) -> None:
    """F(x; c_noise), told how the picture was augmented or not."""
    family = FAMILIES[case.golden.sidecar["class"]]
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        denoiser = Denoiser(case.golden, family, dtype)
        augment = given["augment_labels"] if case.name == "raw_aug" else None
        told = denoiser.told(given.get("class_labels"), augment)
        out = denoiser.network(given["x"], given["c_noise"], told)
        case.check(name, out, TOLERANCE[dtype])


@torch.no_grad()
def denoised(case: Case) -> None:
    """D(x; sigma) with labels, without, with augmentation, with one level for all rows."""
    official, _, how = case.name.partition("_")
    for name in case.names:
        given = case.golden.inputs(torch.float32)
        denoiser = Denoiser(case.golden, FAMILIES[official], torch.float32)
        labels = None if how == "nolabel" else given.get("class_labels")
        augment = given["augment_labels"] if how == "aug" else None
        sigma = torch.tensor([SCALAR_SIGMA]) if how == "scalar_sigma" else given["sigma"]
        value = denoiser(given["x_noisy"], sigma, denoiser.told(labels, augment))
        case.check(name, value, TOLERANCE[torch.float32])


def sigma_range(case: Case) -> None:
    """What the class says it supports; an infinite end is infinite here too."""
    family = FAMILIES[case.name.partition("_")[0]]
    low, high = Denoiser(case.golden, family, torch.float32).family.supported()
    expected = case.golden[f"out/{case.name}"]
    if expected[1].isinf():
        assert torch.equal(torch.tensor([low, high], dtype=expected.dtype), expected)
        case.accept(f"out/{case.name}")
    else:
        case.check(f"out/{case.name}", torch.tensor([low, high]), 1e-6)


def vp_clock(case: Case) -> None:
    """sigma(u) and its inverse; the files hold u as the result of going there and back."""
    family = VP(Design.of({"preconditioning": "vp"}))
    u = case.golden["out/vp_sigma_inv_roundtrip"]
    sigma = case.golden["out/vp_sigma_of_t"]
    value = family.sigma_of(u) if case.name == "vp_sigma_of_t" else family.time_of(sigma)
    case.check(f"out/{case.name}", value, 1e-9)


def iddpm_levels(case: Case) -> None:
    """The table of levels, and rounding, which finds every level where it is."""
    family = IDDPM(Design.of({"preconditioning": "iddpm"}))
    level, index = case.golden["out/round_sigma"], case.golden["out/round_sigma_index"]
    table = case.golden["state/u"]
    assert torch.allclose(family.u, table, rtol=2e-6, atol=0)
    value = family.index_of(level) if case.name.endswith("index") else family.u[index]
    case.check(f"out/{case.name}", value, 2e-6)


def velocity(case: Case) -> None:
    """v of the teacher on a path, with SiT's time and sign; and f(x, t, t), bit for bit."""
    golden, name = case.golden, f"derived/{case.name}"
    path = PATHS[case.name.removeprefix("velocity_")]()
    given, t = golden.inputs(torch.float32), (1 - golden["derived/t"]).float()
    family = FAMILIES[golden.sidecar["class"]]
    teacher = teacher_of(golden, family, path)
    cond = _cond(given.get("class_labels"))
    v = teacher.velocity(given["x"], t, cond)
    for way in ("linear", "rotated"):
        student = _student(golden, family, path, way)
        student.load_tangent(teacher.weights())
        with torch.no_grad():
            assert torch.equal(student(given["x"], t, t, cond), v), way
    case.check(name, -v, TOLERANCE[torch.float32])


def velocity_times(case: Case) -> None:
    """The times of the velocities are an input."""
    case.accept(f"derived/{case.name}")


def _student(golden: Golden, family: str, path: object, way: str) -> EDMBackbone:
    spec, said = spec_of(golden), Design.of(ctor_of(golden, family)).as_toml()
    site = BuildSite(spec, path, WeightsHeader("", options=said))
    return EDMBackbone(EDMOptions(parameterisation=way), site).eval()


def _cond(labels: Tensor | None) -> Cond:
    """One-hot labels as classes."""
    return Cond() if labels is None else Cond(labels.argmax(1))


def _is_network(said: Sidecar) -> bool:
    return said.get("class") in FAMILIES and "preconds" in said


KINDS = {"edm network": _is_network}

ROWS = (
    Row("edm network", r"raw(_aug)?", raw),
    Row("edm network", r"[A-Za-z]+Precond(_aug|_nolabel|_scalar_sigma)?", denoised),
    Row("edm network", r"[A-Za-z]+Precond_sigma_range", sigma_range),
    Row("edm network", r"vp_sigma_(of_t|inv_roundtrip)", vp_clock),
    Row("edm network", r"round_sigma(_index)?", iddpm_levels),
    Row("edm network", r"velocity_(Linear|GVP|VP)", velocity),
    Row("edm network", r"t", velocity_times),
)
