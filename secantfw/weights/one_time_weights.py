"""One-time weights in two-time ones: which part is the tangent's, and does it fit a network?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

import attrs

from secantfw.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

_SHOWN = 5  # differences that an error names


@attrs.frozen
class AddedWeights:
    """What a two-time network has beyond the one-time network of v(x, t) = f(x, t, t).

    All are prefixes of names. `second_time` maps each layer that embeds s to the layer for t that
    it starts as a copy of; `guidance` embeds a guidance scale, and `guidance_out`, in it, is the
    layer whose zeros mean that no scale has an effect.
    """

    second_time: Mapping[str, str]
    guidance: str
    guidance_out: str

    def one_time_names(self, names: Iterable[str]) -> list[str]:
        """Those of `names` that a one-time network has too."""
        return [key for key in names if not key.startswith((self.guidance, *self.second_time))]

    def one_time(self, weights: Mapping[str, Tensor], origin: str) -> dict[str, Tensor]:
        """The one-time weights in `weights`, which may be such themselves.

        Args:
            weights: a state dict of either network.
            origin: what an error begins with: a file, or "sit: this network".

        Raises:
            UserError: the second time is embedded differently, or a guidance scale has an effect;
                then no one-time network computes f(x, t, t).
        """
        for key, value in weights.items():
            self._check_second_time(key, value, weights, origin)
            if key.startswith(self.guidance_out) and bool(value.any()):
                raise UserError(
                    f"{origin}: embeds a guidance scale ({key} is not zero), so it is no source "
                    "of unguided tangents"
                )
        return {key: weights[key] for key in self.one_time_names(weights)}

    def _check_second_time(
        self, key: str, value: Tensor, weights: Mapping[str, Tensor], origin: str
    ) -> None:
        for second, first in self.second_time.items():
            twin = first + key.removeprefix(second)
            if key.startswith(second) and not _equal(value, weights.get(twin)):
                raise UserError(
                    f"{origin}: embeds its two times differently ({key} is not {twin}), so it is "
                    "no source of tangents"
                )


def check_fit(expected: Mapping[str, Tensor], given: Mapping[str, Tensor], origin: str) -> None:
    """Refuse weights whose names or shapes are not the network's, naming the first ones.

    Args:
        expected: the network's state dict, or the part of it that has to be given.
        given: the weights.
        origin: what an error begins with: "sit: the weights".

    Raises:
        UserError: any difference.
    """
    differences = list(_differences(expected, given))
    if not differences:
        return
    more = len(differences) - _SHOWN
    raise UserError(
        f"{origin} do not fit the network, {len(differences)} differences: "
        + "; ".join(differences[:_SHOWN])
        + (f"; and {more} more" if more > 0 else "")
    )


def _differences(expected: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> Iterator[str]:
    for key, tensor in expected.items():
        if key not in given:
            yield f"{key} is missing"
        elif given[key].shape != tensor.shape:
            yield f"{key} is {tuple(given[key].shape)}, the network's {tuple(tensor.shape)}"
    for key in given:
        if key not in expected:
            yield f"{key} is not part of the network"


def _equal(value: Tensor, other: Tensor | None) -> bool:
    import torch

    return other is not None and torch.equal(value, other)
