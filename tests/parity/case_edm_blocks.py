"""Cases of EDM's parts alone: residual blocks, convolutions that resample, embeddings."""

from __future__ import annotations

from typing import Any

import torch
from secantfw_edm.block import BlockStyle, UNetBlock
from secantfw_edm.embeddings import FourierEmbedding, PositionalEmbedding
from secantfw_edm.layers import Conv
from torch import nn

from .case_edm_networks import TOLERANCE
from .comparison import Case
from .dispatch import Row, Sidecar
from .golden import PRECISIONS, suffix_of


@torch.no_grad()
def block(case: Case) -> None:
    """`<i>/y` of the i-th block or convolution that the sidecar lists."""
    said = case.golden.sidecar["blocks"][int(case.name)]
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        given = case.golden.inputs(dtype)
        make = _block if said["cls"] == "UNetBlock" else _conv
        module = make(said["kw"], dtype).eval()
        module.load_state_dict(case.golden.under(f"state/{case.name}"))
        module.to(dtype)
        told = [given[f"{case.name}/emb"]] if said["cls"] == "UNetBlock" else []
        case.check(name, module(given[f"{case.name}/x"], *told), TOLERANCE[dtype])


def embedding(case: Case) -> None:
    """Cosines, then sines."""
    for name in case.names:
        dtype = PRECISIONS[suffix_of(name)]
        t = case.golden["in/t"].to(dtype)
        channels = case.golden[name].shape[1]
        module: nn.Module
        if case.name == "fourier":
            module = FourierEmbedding(channels)
            module.load_state_dict(case.golden.under("state/fourier"))
        else:
            module = PositionalEmbedding(channels, endpoint=case.name.endswith("1"))
        case.check(name, module.to(dtype)(t), TOLERANCE[dtype])


def _block(kw: dict[str, Any], dtype: torch.dtype) -> UNetBlock:
    own = ("in_channels", "out_channels", "up", "down", "attention")
    style = {key: value for key, value in kw.items() if key not in own}
    style["resample_filter"] = tuple(kw.get("resample_filter", (1, 1)))
    style["attention"] = "explicit" if dtype == torch.float64 else "fused"
    return UNetBlock(
        kw["in_channels"],
        kw["out_channels"],
        BlockStyle(**style),
        resample=_resample(kw),
        attention=kw.get("attention", False),
    )


def _conv(kw: dict[str, Any], _dtype: torch.dtype) -> Conv:
    return Conv(
        kw["in_channels"],
        kw["out_channels"],
        kw["kernel"],
        resample=_resample(kw),
        taps=tuple(kw.get("resample_filter", (1, 1))),
        fused=kw.get("fused_resample", False),
    )


def _resample(kw: dict[str, Any]) -> Any:
    return "up" if kw.get("up") else "down" if kw.get("down") else None


def _is_blocks(said: Sidecar) -> bool:
    return "blocks" in said and "res" in said


KINDS = {"edm blocks": _is_blocks}

ROWS = (
    Row("edm blocks", r"\d+", block),
    Row("edm blocks", r"fourier|positional_endpoint[01]", embedding),
)
