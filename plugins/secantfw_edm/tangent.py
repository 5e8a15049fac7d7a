"""What a second time and a guidance scale add to EDM's one-time weights, and their names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from secantfw import AddedWeights

#: Official files and runs have the network under this name.
PREFIX = "model."

ADDED = AddedWeights(
    second_time={f"map_layer{i}_s.": f"map_layer{i}." for i in (0, 1)},
    guidance="map_guidance.",
    guidance_out="map_guidance.layer1.",
)


def official_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's tensors without the prefix; iDDPM's table `u`, which is no weight, goes."""
    return {key.removeprefix(PREFIX): value for key, value in weights.items() if key != "u"}
