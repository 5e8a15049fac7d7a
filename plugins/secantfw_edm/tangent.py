"""One-time weights and two-time weights: which part is the tangent's, and does it fit?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor

from secantfw import UserError

#: Official files and runs have the network under this name.
PREFIX = "model."
_GUIDANCE = "map_guidance."
_SECOND = {f"map_layer{i}_s.": f"map_layer{i}." for i in (0, 1)}
_SHOWN = 5  # differences that an error names


def official_names(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The network's tensors without the prefix; iDDPM's table `u`, which is no weight, goes."""
    return {key.removeprefix(PREFIX): value for key, value in weights.items() if key != "u"}


def tangent_part(weights: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
    """The one-time weights of v(x, t) = f(x, t, t).

    Raises:
        UserError: the second time is embedded differently, or a guidance scale has an effect; then
            no one-time network computes f(x, t, t).
    """
    for key, value in weights.items():
        for second, first in _SECOND.items():
            twin = weights.get(first + key.removeprefix(second))
            if key.startswith(second) and (twin is None or not torch.equal(value, twin)):
                raise UserError(
                    f"{origin}: embeds its two times differently ({key} is not "
                    f"{first}{key.removeprefix(second)}), so it is no source of tangents"
                )
        if key.startswith(f"{_GUIDANCE}layer1.") and bool(value.any()):
            raise UserError(
                f"{origin}: embeds a guidance scale ({key} is not zero), so it is no source of "
                "unguided tangents"
            )
    return {key: weights[key] for key in tangent_names(weights)}


def tangent_names(weights: Iterable[str]) -> list[str]:
    """The names that a one-time network has too."""
    return [key for key in weights if not key.startswith((_GUIDANCE, *_SECOND))]


def check_fit(
    expected: Mapping[str, Tensor], given: Mapping[str, Tensor], origin: str = "the weights"
) -> None:
    """Refuse weights whose names or shapes are not the network's, naming the first ones."""
    differences = list(_differences(expected, given))
    if not differences:
        return
    shown = "; ".join(differences[:_SHOWN])
    more = len(differences) - _SHOWN
    raise UserError(
        f"edm: {origin} do not fit the network, {len(differences)} differences: {shown}"
        + (f"; and {more} more" if more > 0 else "")
    )


def _differences(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> Iterable[str]:
    for key, tensor in expected.items():
        if key not in given:
            yield f"{key} is missing"
        elif given[key].shape != tensor.shape:
            yield f"{key} is {tuple(given[key].shape)}, the network's {tuple(tensor.shape)}"
    for key in given:
        if key not in expected:
            yield f"{key} is not part of the network"
