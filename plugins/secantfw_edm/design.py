"""Everything that fixes an EDM network and what its output means, and where that comes from.

In this order: the option itself, the preset, the header of the teacher's weights, the defaults of
the official classes. Imports no torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from secantfw import UserError, WeightsHeader
from secantfw_edm.architecture import PRESETS, Architecture, check_value
from secantfw_edm.options import EDMOptions, PreconditioningName

#: The noise levels that the published networks were trained on.
_TRAINED: Mapping[str, tuple[float, float]] = {
    "edm": (0.002, 80.0),
    "vp": (0.0009765625, 152.1670709),
    "ve": (0.02, 100.0),
    "iddpm": (0.0064223, 20291.17),
}


@attrs.frozen
class Design:
    """`sigma_min` and `sigma_max` are the noise levels the network knows; others are clamped."""

    architecture: Architecture
    preconditioning: PreconditioningName = "edm"
    sigma_data: float = 0.5
    sigma_min: float = _TRAINED["edm"][0]
    sigma_max: float = _TRAINED["edm"][1]

    def __attrs_post_init__(self) -> None:
        for name in ("sigma_data", "sigma_min", "sigma_max"):
            check_value(name, getattr(self, name))
        if not self.sigma_min < self.sigma_max:
            raise UserError(
                f"edm: sigma_min {self.sigma_min} must be below sigma_max {self.sigma_max}"
            )

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Design:
        """What `said` leaves open has its default."""
        name = said.get("preconditioning", "edm")
        if name not in list(_TRAINED):  # a list, since a file may say what has no hash
            shown, known = ascii(name)[:40], ", ".join(_TRAINED)
            raise UserError(f"edm: preconditioning {shown} is not known; expected {known}")
        low, high = _TRAINED[name]
        return cls(
            architecture=Architecture.of(said),
            preconditioning=name,
            sigma_data=said.get("sigma_data", 0.5),
            sigma_min=said.get("sigma_min", low),
            sigma_max=said.get("sigma_max", high),
        )

    def as_toml(self) -> dict[str, Any]:
        """Every field by its option's name, as TOML values: the header of a weights file."""
        said = {**attrs.asdict(self.architecture), **attrs.asdict(self, recurse=False)}
        del said["architecture"]
        return {key: list(v) if isinstance(v, tuple) else v for key, v in said.items()}


def design_for(options: EDMOptions, weights: WeightsHeader | None) -> Design:
    """The student's design."""
    preset = {} if options.preset is None else _preset(options.preset)
    said = {**_in_header(weights), **preset, **_said(options)}
    if "model_channels" not in said and "model_type" not in said:
        raise UserError(
            "edm: which network is not said: give a preset ('cifar10-vp', 'tiny' ...), or "
            "model_channels and other sizes, or a teacher whose weights say it"
        )
    return Design.of(said)


def teacher_design(weights: WeightsHeader) -> Design:
    """The design of the network in a weights file, from nothing but its header."""
    said = _in_header(weights)
    if "model_channels" not in said:
        raise UserError(
            f"{weights.file}: does not describe an EDM network; `secantfw convert` writes files "
            "that do"
        )
    return Design.of(said)


def _said(options: EDMOptions) -> dict[str, Any]:
    """The options that are set, of those that a design knows."""
    values = attrs.asdict(options, recurse=False)
    return {key: values[key] for key in _NAMES if values[key] is not None}


def _in_header(weights: WeightsHeader | None) -> dict[str, Any]:
    given = {} if weights is None else weights.options
    return {key: value for key, value in given.items() if key in _NAMES}


def _preset(name: str) -> Mapping[str, Any]:
    if name not in PRESETS:
        raise UserError(f"edm: preset {name!r} is not known; expected {', '.join(PRESETS)}")
    # A preset is a whole network: nothing of the weights' sizes may remain in it.
    return attrs.asdict(Architecture.of(PRESETS[name]))


_NAMES = [
    *(field.name for field in attrs.fields(Architecture)),
    *(field.name for field in attrs.fields(Design) if field.name != "architecture"),
]
