"""A pretrained EDM network as the source of tangents, on any path."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from secantfw import (
    BuildSite,
    Cond,
    DataSpec,
    Teacher,
    UserError,
    WeightsFile,
    WeightsHeader,
    at,
    check_fit,
    open_weights,
)
from secantfw_edm.condition import Told, augmentation
from secantfw_edm.design import teacher_design
from secantfw_edm.embeddings import one_hot_labels
from secantfw_edm.layouts import LAYOUTS
from secantfw_edm.network import build_network
from secantfw_edm.options import EDMTeacherOptions
from secantfw_edm.preconditioning import build_preconditioning
from secantfw_edm.secant_scales import secant_scales
from secantfw_edm.tangent import ADDED, official_names


class EDMTeacher(Teacher):
    """One-time weights: of any file that a format reads, or a student that still is a tangent.

    On the meta device (`check`) only the file's header is read.
    """

    def __init__(
        self, options: EDMTeacherOptions, site: BuildSite, *, untrained: bool = False
    ) -> None:
        weights = None if untrained else open_weights(options.weights, site)
        header = site.weights if weights is None else weights.header
        assert header is not None
        _check_data(header, site.spec)
        design = teacher_design(header)
        self.path, self.classes = site.path, site.spec.num_classes
        self.augment_dim = design.architecture.augment_dim
        self.preconditioning = build_preconditioning(design)
        self.network = build_network(
            design.architecture,
            site.spec,
            site.spec.shape[0] * self.preconditioning.output_channels,
            attention=options.attention,
        )
        self.layout = LAYOUTS[options.memory_format]
        self.network.eval().requires_grad_(False)
        if weights is not None and torch.get_default_device().type != "meta":
            self.network.load_state_dict(_one_time(weights, self.network.state_dict()))
        self.network.to(memory_format=self.layout)

    @classmethod
    def untrained(cls, options: EDMTeacherOptions, site: BuildSite) -> EDMTeacher:
        return cls(options, site, untrained=True)

    @torch.no_grad()
    def velocity(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """v(x, t) (B, C, H, W). Labels of None mean the null class."""
        scales = secant_scales(self.path, self.preconditioning, t, t, rotated=False, dtype=x.dtype)
        inner = (at(scales.input, x) * x).contiguous(memory_format=self.layout)
        labels = one_hot_labels(cond.label, self.classes, x) if self.classes else None
        told = Told(labels, augmentation(cond, self.augment_dim))
        out = self.network(inner, scales.noise, told)
        v: Tensor = at(scales.x, x) * x + at(scales.output, x) * out[:, : x.shape[1]]
        return v.contiguous()

    def to(self, device: torch.device) -> EDMTeacher:
        self.network.to(device)
        self.preconditioning.to(device)
        return self

    def weights(self) -> Mapping[str, Tensor]:
        return self.network.state_dict()

    def num_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())


def _check_data(header: WeightsHeader, spec: DataSpec) -> None:
    """Refuse weights of other data."""
    if header.spec is not None and header.spec != spec:
        raise UserError(
            f"{header.file}: made for {_data(header.spec)}, but the experiment's data are "
            f"{_data(spec)}"
        )


def _data(spec: DataSpec) -> str:
    return f"{spec.shape} with {spec.num_classes} classes"


def _one_time(file: WeightsFile, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the file, checked against the network's."""
    name = file.header.file
    weights = ADDED.one_time(official_names(file.read()), name)
    check_fit(expected, weights, f"{name}: its weights")
    return weights
