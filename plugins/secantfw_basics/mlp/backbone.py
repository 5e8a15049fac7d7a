"""MLPBackbone: the two-time student for vectors and other small data."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from secantfw import Backbone, BuildSite, Cond, LoadReport, UserError, WeightsHeader
from secantfw_basics.mlp.network import Network
from secantfw_basics.options import MLPOptions

_DEFAULTS = {"width": 256, "depth": 3}
#: What a second time and an embedded guidance scale add to one-time weights.
_ADDED = ("s_embedder.", "guidance_embedder.")


class MLPBackbone(Backbone):
    """f(x, t, s) by residual blocks; data of any shape is seen as one vector."""

    def __init__(self, options: MLPOptions, site: BuildSite) -> None:
        super().__init__()
        self.path = site.path
        by_default = "none" if site.guidance_range is None else "scale"
        self.guidance_embedding = options.guidance_embedding or by_default
        self.width = _size("width", options.width, site.weights)
        self.depth = _size("depth", options.depth, site.weights)
        told = self.guidance_embedding == "scale"
        self.network = Network(
            math.prod(site.spec.shape), site.spec.num_classes, self.width, self.depth, told
        )
        # What this instance can do depends on its options, so it is not left to the class.
        can = {"bidirectional", "jvp"} | ({"guidance"} if told else set())
        self.supports = frozenset(can)

    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        """The secant, (B, *). Labels of None mean the null class."""
        return self.network(x.flatten(1), t, s, cond.label, cond.guidance).view_as(x)  # type: ignore[no-any-return]

    def load_tangent(self, weights: Mapping[str, Tensor]) -> LoadReport:
        """Take one-time weights; the embedder of s becomes a copy of that of t."""
        own = self.network.state_dict()
        one_time = _one_time(own)
        _check_fit(one_time, weights)
        self.network.load_state_dict(weights, strict=False)
        self.network.share_time()
        return LoadReport(copied=tuple(one_time), made=tuple(k for k in own if k not in one_time))

    def tangent_weights(self) -> Mapping[str, Tensor]:
        """The weights without the embedder of s, where it still equals that of t."""
        t_part, s_part = (
            embedder.state_dict()
            for embedder in (self.network.t_embedder, self.network.s_embedder)
        )
        if not all(torch.equal(t_part[key], s_part[key]) for key in t_part):
            raise UserError("mlp: the network embeds t and s differently: no one-time weights")
        return _one_time(self.network.state_dict())

    def network_options(self) -> Mapping[str, object]:
        return {
            "width": self.width,
            "depth": self.depth,
            "guidance_embedding": self.guidance_embedding,
        }


def _size(name: str, chosen: int | None, weights: WeightsHeader | None) -> int:
    """What the experiment says, else the teacher's weights file, else the default."""
    said = chosen if chosen is not None else (weights.options.get(name) if weights else None)
    return said if isinstance(said, int) else _DEFAULTS[name]


def _one_time(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {key: value for key, value in state.items() if not key.startswith(_ADDED)}


def _check_fit(wanted: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> None:
    """Refuse weights whose names or shapes differ from the network's."""
    missing = sorted(wanted.keys() - given.keys())
    unknown = sorted(key for key in given.keys() - wanted.keys() if not key.startswith(_ADDED))
    if missing or unknown:
        what, keys = ("lack", missing) if missing else ("have unknown", unknown)
        raise UserError(f"mlp: these weights {what} {', '.join(keys[:3])} ({len(keys)} in all)")
    for key, value in wanted.items():
        if given[key].shape != value.shape:
            raise UserError(
                f"mlp: weight {key} has shape {tuple(given[key].shape)}, "
                f"expected {tuple(value.shape)}"
            )
