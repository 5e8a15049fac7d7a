"""Cases of released secant files: the two-time network, guidance, and conversion from SiT."""

from __future__ import annotations

import torch
from secantfw_sit.backbone import SiTBackbone
from torch import Tensor

from secantfw import Cond
from secantfw.sampling.guidance import guided

from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, Golden, suffix_of
from .networks import build_student, build_teacher, sit_secant, sit_velocity, spec_of


def secant(case: Case) -> None:
    """f without a scale, f_cfg with one, f_tt at s = t."""
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        student = build_student(case.golden, dtype)
        s = given["t"] if case.name == "f_tt" else given["s"]
        w = given["cfg"] if case.name == "f_cfg" else None
        case.check(name, sit_secant(student, given["x"], given["t"], s, given["y"], w))


def teacher_velocity(case: Case) -> None:
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        teacher = build_teacher(case.golden, dtype)
        case.check(name, sit_velocity(teacher, given["x"], given["t"], given["y"]))


def forward_with_cfg(case: Case) -> None:
    """All channels guided, by one number or one per row; an embedder is told scale 1."""
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        student = build_student(case.golden, dtype)

        def evaluate(
            x: Tensor, t: Tensor, s: Tensor, cond: Cond, student: SiTBackbone = student
        ) -> Tensor:
            assert cond.label is not None
            return sit_secant(student, x, t, s, cond.label, torch.ones_like(t))

        case.check(name, _guided(case, dtype, evaluate))


def teacher_forward_with_cfg(case: Case) -> None:
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        teacher = build_teacher(case.golden, dtype)

        def evaluate(x: Tensor, t: Tensor, _s: Tensor, cond: Cond, teacher=teacher) -> Tensor:
            assert cond.label is not None
            return sit_velocity(teacher, x, t, cond.label)

        case.check(name, _guided(case, dtype, evaluate))


def _guided(case: Case, dtype: torch.dtype, evaluate) -> Tensor:
    """The framework's guidance on the first half of the inputs, twice, as the release returns."""
    given = case.golden.inputs(dtype)
    x, t, s, y = (given[key].chunk(2)[0] for key in ("z2", "t2", "s2", "y2"))
    said = case.name.rsplit("_", 1)[1]
    scale = given["cfg_scale2"] if said == "tensor" else torch.full_like(t, float(said))
    one = guided(evaluate, x, t, s, Cond(y, scale), spec_of(case.golden).num_classes)
    return torch.cat([one, one])


def converted(case: Case) -> None:
    """load_tangent makes exactly the tensors that the released conversion adds."""
    student = _loaded(case.golden)
    made = {f"out/converted/{k}": v for k, v in student.network.state_dict().items()}
    assert sorted(case.golden.sidecar["new_keys"]) == sorted(
        name.removeprefix("out/converted/") for name in case.names
    )
    for name in case.names:
        case.check(name, made[name], tolerance=0.0)


def after_conversion(case: Case) -> None:
    """f_ts, f_tt, and the velocity that f_tt must be, bit for bit."""
    given = case.golden.inputs(torch.float32)
    x, t, y = given["x"], given["t"], given["y"]
    student, teacher = _loaded(case.golden), build_teacher(case.golden, torch.float32)
    f_tt = sit_secant(student, x, t, t, y)
    v = sit_velocity(teacher, x, t, y)
    assert torch.equal(f_tt, v)
    f_ts = sit_secant(student, x, t, given["s"], y)
    values = {"f_ts": f_ts, "f_tt": f_tt, "teacher_v": v, "sit_v": v}
    for name in case.names:
        case.check(name, values[case.name])


def _loaded(golden: Golden) -> SiTBackbone:
    student = build_student(golden, torch.float32)
    student.load_tangent(build_teacher(golden, torch.float32).weights())
    return student


def _is_secant(said: Sidecar) -> bool:
    return "fewstep" in said and "online_cfg" in said.get("ctor", {})


KINDS = {
    "secant": lambda said: _is_secant(said) and said["ctor"]["online_cfg"] is None,
    "secant, guidance embedded": lambda said: (
        _is_secant(said) and said["ctor"]["online_cfg"] is not None
    ),
    "conversion": lambda said: "new_keys" in said and "hidden_size" in said.get("ctor", {}),
}

ROWS = (
    Row("secant.*", r"f|f_cfg|f_tt", secant),
    Row("secant.*", r"teacher_v", teacher_velocity),
    Row("secant.*", r"forward_with_cfg_.*", forward_with_cfg),
    Row("secant.*", r"teacher_forward_with_cfg_.*", teacher_forward_with_cfg),
    Row("conversion", r"converted", converted),
    Row("conversion", r"f_ts|f_tt|teacher_v|sit_v", after_conversion),
)
