"""SiT as the student: f(x, t, s) = -network(x, 1 - t, 1 - s), in secantfw's time.

A network that predicts noise or the score makes f of its output as it makes v at s = t.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor

from secantfw import Backbone, BuildSite, Cond, LoadReport, UserError, check_fit
from secantfw_sit.initialise import share_time
from secantfw_sit.network import SiTNetwork
from secantfw_sit.options import SiTOptions
from secantfw_sit.prediction import prediction_for, velocity_of
from secantfw_sit.sizes import sizes_for
from secantfw_sit.tangent import ADDED


class SiTBackbone(Backbone):
    """SiT's time runs from noise (0) to data (1): time is mirrored and velocities change sign."""

    def __init__(self, options: SiTOptions, site: BuildSite) -> None:
        super().__init__()
        self.path = site.path
        self.options = options = _with_guidance(options, site.guidance_range)
        self.prediction = prediction_for(options.prediction, site.weights, site.path)
        self.sizes = sizes_for(options, site.weights)
        self.scales = _guidance_scales(options)
        self.network = SiTNetwork(
            self.sizes,
            site.spec,
            two_times=True,
            guidance=options.guidance_embedding != "none",
            attention=options.attention,
            checkpoint_activations=options.checkpoint_activations,
        )
        # What this instance can do depends on its options, so it is not left to the class.
        self.supports = _capabilities(options)

    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        """The secant (B, C, H, W). Labels of None mean the null class."""
        told = self.told(cond.guidance)
        out: Tensor = self.network(x, 1 - t, 1 - s, cond.label, told)
        return velocity_of(self.prediction, self.path, x, t, out)

    def load_tangent(self, weights: Mapping[str, Tensor]) -> LoadReport:
        """Take one-time weights; s_embedder becomes a copy, a guidance scale has no effect."""
        own = self.network.state_dict()
        one_time = {key: own[key] for key in ADDED.one_time_names(own)}
        check_fit(one_time, weights, "sit: the weights")
        self.network.load_state_dict(weights, strict=False)
        share_time(self.network)
        return LoadReport(copied=tuple(one_time), made=tuple(k for k in own if k not in one_time))

    def tangent_weights(self) -> Mapping[str, Tensor]:
        """The weights without s_embedder, where it still equals t_embedder."""
        return ADDED.one_time(self.network.state_dict(), "sit: this network")

    def network_options(self) -> Mapping[str, object]:
        """The sizes, what is predicted, and how guidance is embedded."""
        said: dict[str, object] = dict(attrs.asdict(self.sizes))
        said["prediction"] = self.prediction
        said["guidance_embedding"] = self.options.guidance_embedding
        if self.options.guidance_range is not None:
            said["guidance_range"] = list(self.options.guidance_range)
        return said

    def told(self, guidance: Tensor | None) -> Tensor | None:
        """The number that is embedded for scales w (B,): (w - lo) / (hi - lo), or 0."""
        if guidance is None or self.options.guidance_embedding == "none":
            return None
        if self.scales is None:
            return torch.zeros_like(guidance)
        low, high = self.scales
        return (guidance - low) / (high - low)


def _with_guidance(options: SiTOptions, scales: tuple[float, float] | None) -> SiTOptions:
    """The options with what they leave open about guidance taken from `[guidance] range`."""
    told = options.guidance_embedding or ("none" if scales is None else "range")
    known = options.guidance_range or (scales if told == "range" else None)
    return attrs.evolve(options, guidance_embedding=told, guidance_range=known)


def _guidance_scales(options: SiTOptions) -> tuple[float, float] | None:
    """(lo, hi) of a 'range' embedding, None otherwise."""
    if options.guidance_embedding != "range":
        return None
    if options.guidance_range is None:
        raise UserError("sit: guidance_embedding = 'range' needs a guidance_range, as in [1, 2.5]")
    low, high = options.guidance_range
    if not low < high:
        raise UserError(f"sit: guidance_range needs lo < hi, got [{low}, {high}]")
    return low, high


def _capabilities(options: SiTOptions) -> frozenset[str]:
    embeds = {"guidance"} if options.guidance_embedding != "none" else set()
    # Neither fused attention nor recomputation has a forward-mode derivative.
    jvp = options.attention == "explicit" and not options.checkpoint_activations
    return frozenset({"bidirectional"} | embeds | ({"jvp"} if jvp else set()))
