"""EDM's published networks and training snapshots: pickles of torch_utils.persistence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from secantfw import ConvertedWeights, UserError, WeightsFormat, WeightsHeader, check_fit
from secantfw_edm.formats.constructor import Constructed, constructed
from secantfw_edm.formats.snapshot import read_snapshot, tensors_of
from secantfw_edm.network import build_network
from secantfw_edm.preconditioning import build_preconditioning
from secantfw_edm.tangent import PREFIX, official_names

_EVIDENCE = b"_reconstruct_persistent_obj"
_FIRST_BYTES = 1 << 16  # the first object of a dictionary is named before its source text


class OfficialEDM(WeightsFormat):
    """`edm-cifar10-32x32-uncond-vp.pkl` and its like: `ema`, the only network in them."""

    summary = "EDM's networks: edm-*.pkl, baseline-*.pkl, network-snapshot-*.pkl"

    def recognises(self, file: Path) -> bool:
        with file.open("rb") as stream:
            first = stream.read(_FIRST_BYTES)
        return first.startswith(b"\x80") and _EVIDENCE in first

    def read(self, file: Path, which: str, options: Mapping[str, object]) -> ConvertedWeights:
        if which not in ("", "ema"):
            raise UserError(f"{file}: has no weights {which!r}; it has ema")
        try:
            network = read_snapshot(file)
            found = constructed(network, options)
            weights = official_names(tensors_of(network, file.stat().st_size))
        except ValueError as error:
            raise UserError(f"{file}: refused: {error}") from error
        except UserError as error:
            raise UserError(f"{file}: {error}") from error
        check_fit(_expected(file, found), weights, f"{file}: its weights")
        return ConvertedWeights(
            tensors={f"{PREFIX}{key}": value for key, value in weights.items()},
            header=WeightsHeader(str(file), "edm:edm", found.design.as_toml(), found.spec),
            note={"weights": "ema", "classes": found.classes, "fp16": _fp16(found)},
        )


def _fp16(found: Constructed) -> str:
    """What the flag means, for whoever trains on."""
    return "the official code runs it in float16 on CUDA" if found.use_fp16 else "no"


def _expected(file: Path, found: Constructed) -> Mapping[str, torch.Tensor]:
    """The state dict of the network, built without memory."""
    try:
        with torch.device("meta"):
            channels = build_preconditioning(found.design).output_channels * found.spec.shape[0]
            network = build_network(found.design.architecture, found.spec, channels)
    except UserError as error:
        raise UserError(f"{file}: {error}") from error
    return network.state_dict()
