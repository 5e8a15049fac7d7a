"""EDM as the student: f(x, t, s) = a x + b F(c x; c_noise(t), c_noise(s)) on any path."""

from __future__ import annotations

from collections.abc import Mapping

import attrs
import torch
from torch import Tensor

from secantfw import Backbone, BuildSite, Cond, LoadReport, Path, UserError, at, check_fit
from secantfw_edm.condition import Told, augmentation
from secantfw_edm.design import design_for
from secantfw_edm.embeddings import one_hot_labels
from secantfw_edm.initialise import share_time
from secantfw_edm.layouts import LAYOUTS
from secantfw_edm.network import build_network
from secantfw_edm.options import EDMOptions
from secantfw_edm.preconditioning import build_preconditioning
from secantfw_edm.secant_scales import secant_scales
from secantfw_edm.tangent import ADDED, official_names


class EDMBackbone(Backbone):
    """The network is the member `model`, so that a run's weights have the official names."""

    def __init__(self, options: EDMOptions, site: BuildSite) -> None:
        super().__init__()
        self.path: Path = site.path
        self.options = options = _with_guidance(options, site.guidance_range)
        self.design = design_for(options, site.weights)
        self.classes = site.spec.num_classes
        self.scales = _guidance_scales(options)
        self.rotated = options.parameterisation == "rotated"
        if self.rotated and self.design.preconditioning != "edm":
            raise UserError(
                "edm: parameterisation = 'rotated' needs outputs of unit variance, which "
                f"preconditioning = {self.design.preconditioning!r} does not give"
            )
        self.preconditioning = build_preconditioning(self.design)
        self.model = build_network(
            self.design.architecture,
            site.spec,
            site.spec.shape[0] * self.preconditioning.output_channels,
            two_times=True,
            guidance=self.scales is not None,
            attention=options.attention,
        )
        self.layout = LAYOUTS[options.memory_format]
        self.model.to(memory_format=self.layout)
        # What this instance can do depends on its options, so it is not left to the class.
        self.supports = _capabilities(options)

    # The network is what there is to compile.
    @torch.compiler.disable(recursive=False)  # type: ignore[no-untyped-call, untyped-decorator]
    def forward(self, x: Tensor, t: Tensor, s: Tensor, cond: Cond) -> Tensor:
        """The secant (B, C, H, W). Labels of None mean the null class."""
        scales = secant_scales(
            self.path, self.preconditioning, t, s, rotated=self.rotated, dtype=x.dtype
        )
        inner = (at(scales.input, x) * x).contiguous(memory_format=self.layout)
        out = self.model(inner, scales.noise, self._told(x, cond), scales.second_noise)
        f: Tensor = at(scales.x, x) * x + at(scales.output, x) * out[:, : x.shape[1]]
        return f.contiguous()

    def load_tangent(self, weights: Mapping[str, Tensor]) -> LoadReport:
        """Take one-time weights; the second layers become copies, a scale has no effect."""
        own = self.model.state_dict()
        one_time = {key: own[key] for key in ADDED.one_time_names(own)}
        given = official_names(weights)
        check_fit(one_time, given, "edm: the weights")
        self.model.load_state_dict(given, strict=False)
        share_time(self.model)
        return LoadReport(copied=tuple(one_time), made=tuple(k for k in own if k not in one_time))

    def tangent_weights(self) -> Mapping[str, Tensor]:
        """The weights without the second layers, where those still equal the first."""
        return ADDED.one_time(self.model.state_dict(), "edm: this network")

    def network_options(self) -> Mapping[str, object]:
        """The design, the parameterisation, and how guidance is embedded."""
        said: dict[str, object] = self.design.as_toml()
        said["parameterisation"] = self.options.parameterisation
        said["guidance_embedding"] = self.options.guidance_embedding
        if self.options.guidance_range is not None:
            said["guidance_range"] = list(self.options.guidance_range)
        return said

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def _told(self, x: Tensor, cond: Cond) -> Told:
        labels = one_hot_labels(cond.label, self.classes, x) if self.classes else None
        guidance = None
        if self.scales is not None and cond.guidance is not None:
            low, high = self.scales
            guidance = (cond.guidance - low) / (high - low)
        augment = augmentation(cond, self.design.architecture.augment_dim)
        return Told(labels=labels, augment=augment, guidance=guidance)


def _with_guidance(options: EDMOptions, scales: tuple[float, float] | None) -> EDMOptions:
    """The options with what they leave open about guidance taken from `[guidance] range`."""
    told = options.guidance_embedding or ("none" if scales is None else "range")
    known = options.guidance_range or (scales if told == "range" else None)
    return attrs.evolve(options, guidance_embedding=told, guidance_range=known)


def _guidance_scales(options: EDMOptions) -> tuple[float, float] | None:
    """(lo, hi) of a 'range' embedding, None otherwise."""
    if options.guidance_embedding != "range":
        return None
    if options.guidance_range is None:
        raise UserError("edm: guidance_embedding = 'range' needs a guidance_range, as in [1, 2.5]")
    low, high = options.guidance_range
    if not low < high:
        raise UserError(f"edm: guidance_range needs lo < hi, got [{low}, {high}]")
    return low, high


def _capabilities(options: EDMOptions) -> frozenset[str]:
    embeds = {"guidance"} if options.guidance_embedding == "range" else set()
    # Fused attention has no forward-mode derivative.
    jvp = {"jvp"} if options.attention == "explicit" else set()
    return frozenset({"bidirectional"} | embeds | jvp)
