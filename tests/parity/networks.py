"""The plug-in's networks as a sidecar's constructor arguments describe them.

Golden files are in SiT's time (t = 0 noise); the components are in secantfw's. These adapters
mirror time and sign, so that the components are compared through their public interface.
"""

from __future__ import annotations

import tempfile
from typing import Any

import torch
from secantfw_basics.paths.linear import Linear
from secantfw_sit.backbone import SiTBackbone
from secantfw_sit.options import Prediction, SiTOptions, SiTTeacherOptions
from secantfw_sit.teacher import SiTTeacher
from torch import Tensor

from secantfw import BuildSite, Cond, DataSpec, Path, WeightsHeader, save_weights

from .golden import Golden

#: Arguments of the official `SiT`, and what a sidecar that leaves one out means.
DEFAULTS: dict[str, Any] = {
    "input_size": 32,
    "patch_size": 2,
    "in_channels": 4,
    "hidden_size": 1152,
    "depth": 28,
    "num_heads": 16,
    "mlp_ratio": 4.0,
    "class_dropout_prob": 0.1,
    "num_classes": 1000,
    "learn_sigma": True,
}
RELEASED = frozenset({"online_cfg"})  # what the secant release adds


def ctor_of(golden: Golden) -> dict[str, Any]:
    """Every argument of the constructor; one that has no meaning here is refused, not dropped."""
    said = golden.sidecar["ctor"]
    unknown = said.keys() - DEFAULTS.keys() - RELEASED
    assert not unknown, f"{golden.stem}: arguments of no meaning: {sorted(unknown)}"
    ctor = {**DEFAULTS, **said}
    # It only drops labels in training, but at 0 the official embedding has no null class.
    assert ctor["class_dropout_prob"] > 0, f"{golden.stem}: class_dropout_prob 0: no null class"
    return ctor


def spec_of(golden: Golden) -> DataSpec:
    ctor = ctor_of(golden)
    side = ctor["input_size"]
    return DataSpec((ctor["in_channels"], side, side), ctor["num_classes"])


def sizes_of(golden: Golden) -> dict[str, Any]:
    ctor = ctor_of(golden)
    return {
        "width": ctor["hidden_size"],
        "depth": ctor["depth"],
        "heads": ctor["num_heads"],
        "patch": ctor["patch_size"],
        "mlp_ratio": float(ctor["mlp_ratio"]),
        "learn_sigma": ctor["learn_sigma"],
    }


def embedding_of(golden: Golden) -> dict[str, Any]:
    """The released `online_cfg`: none, a range 'a-b', or one number, which embeds a constant."""
    said = golden.sidecar["ctor"].get("online_cfg")
    if said is None:
        return {"guidance_embedding": "none"}
    low, dash, high = said.partition("-")
    if not dash:
        return {"guidance_embedding": "constant"}
    return {"guidance_embedding": "range", "guidance_range": (float(low), float(high))}


def build_student(
    golden: Golden,
    dtype: torch.dtype,
    *,
    one_time: bool = False,
    path: Path | None = None,
    prediction: Prediction = "velocity",
) -> SiTBackbone:
    """A student with the weights below `state/`: two-time ones, or one-time ones taken over."""
    options = SiTOptions(**sizes_of(golden), **embedding_of(golden), prediction=prediction)
    student = SiTBackbone(options, BuildSite(spec_of(golden), path or Linear()))
    state = golden.under("state")
    if one_time:
        student.load_tangent(state)
    elif state:
        student.network.load_state_dict(state)
    return student.to(dtype)


def build_teacher(
    golden: Golden,
    dtype: torch.dtype,
    weights: str = "teacher",
    path: Path | None = None,
    prediction: Prediction = "velocity",
) -> SiTTeacher:
    """A teacher from the tensors below `weights/`, by way of a file as a user has it."""
    spec = spec_of(golden)
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/teacher.safetensors"
        header = WeightsHeader(file, "sit:sit", sizes_of(golden), spec)
        save_weights(file, golden.under(weights), header)
        options = SiTTeacherOptions(file, prediction=prediction)
        teacher = SiTTeacher(options, BuildSite(spec, path or Linear()))
    teacher.network.to(dtype)
    return teacher


def sit_velocity(teacher: SiTTeacher, x: Tensor, t: Tensor, y: Tensor) -> Tensor:
    """v in SiT's time and sign."""
    return -teacher.velocity(x, 1 - t, Cond(y))


def sit_secant(
    student: SiTBackbone, x: Tensor, t: Tensor, s: Tensor, y: Tensor, w: Tensor | None = None
) -> Tensor:
    """f in SiT's time and sign."""
    with torch.no_grad():
        return -student(x, 1 - t, 1 - s, Cond(y, w))
