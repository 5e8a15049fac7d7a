"""Cases of official SiT files: the network, its parts, and guidance."""

from __future__ import annotations

import torch
from secantfw_sit.embeddings import position_grid
from secantfw_sit.teacher import SiTTeacher
from torch import Tensor

from secantfw import Cond, Field
from secantfw.experiment.schema import Guidance
from secantfw.sampling.field import teacher_field

from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, suffix_of
from .networks import build_teacher, sit_velocity, sizes_of, spec_of

GUIDED_CHANNELS = 3


def velocity(case: Case) -> None:
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        teacher = build_teacher(case.golden, dtype, weights="state")
        case.check(name, sit_velocity(teacher, given["x"], given["t"], given["y"]))


def forward_with_cfg(case: Case) -> None:
    """SiT guides the first three channels; of the others each half keeps its own."""
    scale = float(case.name.removeprefix("forward_with_cfg_"))
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        teacher = build_teacher(case.golden, dtype, weights="state")
        field = HalvesOfSiT(teacher, scale, spec_of(case.golden).num_classes)
        ours = field.tangent(given["z_cfg"], 1 - given["t_cfg"], Cond(given["y_cfg"]))
        case.check(name, -ours)


class HalvesOfSiT(Field):
    """SiT's state under guidance is two halves, labelled and null, both evaluated at the first.

    The first is the framework's guided sample. The second moves with it in the channels that are
    guided, and in the others by its own tangent.
    """

    def __init__(self, teacher: SiTTeacher, scale: float, null: int) -> None:
        self.path = teacher.path
        guidance = Guidance(scale=scale, channels=GUIDED_CHANNELS)
        self.field = teacher_field(teacher, guidance, null)

    def tangent(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        assert cond.label is not None
        rows = len(x) // 2
        x, t, label, null = x[:rows], t[:rows], cond.label[:rows], cond.label[rows:]
        one = self.field.tangent(x, t, Cond(label))
        other = self.field.tangent(x, t, Cond(null))
        other = torch.cat([one[:, :GUIDED_CHANNELS], other[:, GUIDED_CHANNELS:]], 1)
        return torch.cat([one, other])


def timestep_embedding(case: Case) -> None:
    for name in case.names:
        embedder = build_teacher(case.golden, torch.float32, weights="state").network.t_embedder
        case.check(name, embedder.sinusoid(case.golden["in/t"]))


def y_embed_force_drop(case: Case) -> None:
    """Dropped labels are the null class. The file drops every other row, from the first on."""
    for name in case.names:
        embedder = build_teacher(case.golden, torch.float32, weights="state").network.y_embedder
        y = case.golden["in/y"].clone()
        y[::2] = spec_of(case.golden).num_classes
        case.check(name, embedder(y, len(y)))


def pos_embed_official_init(case: Case) -> None:
    sizes, spec = sizes_of(case.golden), spec_of(case.golden)
    for name in case.names:
        grid = position_grid(spec.shape[1] // sizes["patch"], sizes["width"])
        case.check(name, grid, tolerance=1e-7)


def _is_sit(said: Sidecar) -> bool:
    return "hidden_size" in said.get("ctor", {}) and {"ode", "sde", "cfg_scales"} <= set(said)


KINDS = {"sit": _is_sit}

ROWS = (
    Row("sit", r"velocity", velocity),
    Row("sit", r"forward_with_cfg_.*", forward_with_cfg),
    Row("sit", r"timestep_embedding", timestep_embedding),
    Row("sit", r"y_embed_force_drop", y_embed_force_drop),
    Row("sit", r"pos_embed_official_init", pos_embed_official_init),
)
