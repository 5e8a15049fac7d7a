"""The network of a design."""

from __future__ import annotations

from secantfw import DataSpec
from secantfw_edm.architecture import Architecture
from secantfw_edm.dhariwal_unet import DhariwalUNet
from secantfw_edm.initialise import initialise
from secantfw_edm.options import Attention
from secantfw_edm.song_unet import SongUNet


def build_network(
    architecture: Architecture,
    spec: DataSpec,
    out_channels: int,
    *,
    two_times: bool = False,
    guidance: bool = False,
    attention: Attention = "fused",
) -> SongUNet | DhariwalUNet:
    """A network with the official initialisation, on torch's default device.

    Raises:
        UserError: data or sizes that do not divide.
    """
    architecture.check(spec)
    kind = SongUNet if architecture.model_type == "SongUNet" else DhariwalUNet
    network = kind(
        architecture,
        spec,
        out_channels,
        two_times=two_times,
        guidance=guidance,
        attention=attention,
    )
    initialise(network)
    return network
