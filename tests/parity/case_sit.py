"""Cases of official SiT files: the network, its parts, and guidance."""

from __future__ import annotations

import torch
from secantfw_sit.embeddings import position_grid
from torch import Tensor

from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, suffix_of
from .networks import build_teacher, sit_velocity, sizes_of, spec_of


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
        half = given["z_cfg"].chunk(2)[0]
        v = sit_velocity(teacher, torch.cat([half, half]), given["t_cfg"], given["y_cfg"])
        case.check(name, _guided_in_front(v, scale))


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


def _guided_in_front(v: Tensor, scale: float) -> Tensor:
    labelled, null = v[:, :3].chunk(2)
    guided = torch.lerp(null, labelled, torch.tensor(scale, dtype=v.dtype))
    return torch.cat([torch.cat([guided, guided]), v[:, 3:]], 1)


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
