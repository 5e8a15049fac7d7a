"""A pretrained SiT as the source of tangents: v(x, t) = -network(x, 1 - t), or of its noise or
score, where that is what it predicts.
"""

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
    check_fit,
    open_weights,
)
from secantfw_sit.network import SiTNetwork
from secantfw_sit.options import SiTTeacherOptions
from secantfw_sit.prediction import prediction_for, velocity_of
from secantfw_sit.sizes import teacher_sizes
from secantfw_sit.tangent import ADDED
from secantfw_sit.weights_file import PREFIX, data_from_shapes, stored_shapes


class SiTTeacher(Teacher):
    """One-time weights: of any file that a format reads, or a student that still is a tangent.

    On the meta device (`check`) only the file's header is read.
    """

    def __init__(
        self, options: SiTTeacherOptions, site: BuildSite, *, untrained: bool = False
    ) -> None:
        weights = None if untrained else open_weights(options.weights, site)
        header = site.weights if weights is None else weights.header
        assert header is not None
        if weights is not None:
            _check_data(header, site.spec)
        self.path = site.path
        self.prediction = prediction_for(options.prediction, header, site.path)
        self.network = SiTNetwork(teacher_sizes(header), site.spec, attention=options.attention)
        self.network.eval().requires_grad_(False)
        if weights is None:
            _stir(self.network)
        elif torch.get_default_device().type != "meta":
            self.network.load_state_dict(_one_time(weights, self.network.state_dict()))

    @classmethod
    def untrained(cls, options: SiTTeacherOptions, site: BuildSite) -> SiTTeacher:
        return cls(options, site, untrained=True)

    @torch.no_grad()
    def velocity(self, x: Tensor, t: Tensor, cond: Cond) -> Tensor:
        """v(x, t) (B, C, H, W). Labels of None mean the null class."""
        out: Tensor = self.network(x, 1 - t, label=cond.label)
        return velocity_of(self.prediction, self.path, x, t, out)

    def to(self, device: torch.device) -> SiTTeacher:
        self.network.to(device)
        return self

    def weights(self) -> Mapping[str, Tensor]:
        return self.network.state_dict()

    def num_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.network.parameters())


@torch.no_grad()
def _stir(network: SiTNetwork) -> None:
    """Weights that start at zero make the whole network zero; untrained ones are to be random."""
    for parameter in network.parameters():
        if not parameter.is_meta and not parameter.any():
            parameter.normal_(std=0.02)


def _check_data(header: WeightsHeader, spec: DataSpec) -> None:
    """Refuse weights of other data. A bare state dict shows its data in its shapes."""
    shown = None if header.spec is not None else data_from_shapes(stored_shapes(header.file))
    found = header.spec if shown is None else DataSpec(*shown)
    if found is not None and found != spec:
        raise UserError(
            f"{header.file}: made for {_data(found)}, but the experiment's data are {_data(spec)}"
        )


def _data(spec: DataSpec) -> str:
    return f"{spec.shape} with {spec.num_classes} classes"


def _one_time(file: WeightsFile, expected: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of the file, checked against the network's."""
    name = file.header.file
    tensors = {key.removeprefix(PREFIX): value for key, value in file.read().items()}
    weights = ADDED.one_time(tensors, name)
    check_fit(expected, weights, f"{name}: its weights")
    return weights
