"""From the constructor arguments in an EDM pickle to a design and the data it is for.

What was not given has the default of the official class, which no file records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from secantfw import DataSpec
from secantfw_edm.architecture import Architecture
from secantfw_edm.design import Design
from secantfw_edm.formats.inert_pickle import shown
from secantfw_edm.formats.snapshot import PersistentObject
from secantfw_edm.options import PreconditioningName

_MAX_SIDE, _MAX_CHANNELS, _MAX_CLASSES = 4096, 1024, 1 << 20


@attrs.frozen
class _Wrapper:
    """An official class round the network: its family, and its arguments beside the network's.

    `fixed` are numbers that this plug-in has as constants.
    """

    family: PreconditioningName
    model_type: str
    fixed: Mapping[str, float] = attrs.field(factory=dict)
    own: frozenset[str] = frozenset()


_WRAPPERS = {
    "EDMPrecond": _Wrapper(
        "edm", "DhariwalUNet", own=frozenset({"sigma_min", "sigma_max", "sigma_data"})
    ),
    "VPPrecond": _Wrapper(
        "vp", "SongUNet", {"beta_d": 19.9, "beta_min": 0.1, "M": 1000, "epsilon_t": 1e-5}
    ),
    "VEPrecond": _Wrapper("ve", "SongUNet", own=frozenset({"sigma_min", "sigma_max"})),
    "iDDPMPrecond": _Wrapper("iddpm", "DhariwalUNet", {"C_1": 0.001, "C_2": 0.008, "M": 1000}),
}
_DATA = {"img_resolution": _MAX_SIDE, "img_channels": _MAX_CHANNELS, "label_dim": _MAX_CLASSES}
_NETWORK = frozenset(field.name for field in attrs.fields(Architecture))


@attrs.frozen
class Constructed:
    """What the arguments say."""

    design: Design
    spec: DataSpec
    use_fp16: bool
    classes: str  # "EDMPrecond of SongUNet"


def constructed(network: PersistentObject, options: Mapping[str, object]) -> Constructed:
    """The design and data of `ema`.

    Args:
        network: the official class round the network.
        options: of the network, from the user; they are before what the file says.

    Raises:
        ValueError, UserError: another class, other arguments, values that make no network.
    """
    wrapper = _WRAPPERS.get(network.class_name)
    if wrapper is None:
        known = ", ".join(_WRAPPERS)
        raise ValueError(f"its network is a {shown(network.class_name)}, expected {known}")
    said = network.arguments()
    for key, value in wrapper.fixed.items():
        if said.pop(key, value) != value:
            raise ValueError(f"{key} of {network.class_name} is not {value}, the only one known")
    use_fp16 = said.pop("use_fp16", False)
    unknown = said.keys() - _DATA.keys() - _NETWORK - wrapper.own
    if unknown:
        raise ValueError(f"{network.class_name} has no argument {shown(min(unknown))}")
    inner, model_type = network.child("model").class_name, said.get("model_type")
    if inner != (wrapper.model_type if model_type is None else model_type):
        raise ValueError(f"its network is a {shown(inner)}, its arguments say otherwise")
    data = [_whole(said, key, most) for key, most in _DATA.items()]
    given = {**_bounded(said), "model_type": inner, "preconditioning": wrapper.family, **options}
    return Constructed(
        design=Design.of(given),
        spec=DataSpec((data[1], data[0], data[0]), data[2]),
        use_fp16=use_fp16 is True,
        classes=f"{network.class_name} of {inner}",
    )


def _bounded(said: Mapping[str, Any]) -> dict[str, Any]:
    """Without EDMPrecond's bounds 0 and infinity, which say that a design's own hold."""
    unbounded = {"sigma_min": 0, "sigma_max": float("inf")}
    return {key: v for key, v in said.items() if key not in unbounded or v != unbounded[key]}


def _whole(said: Mapping[str, Any], key: str, most: int) -> int:
    value, least = said.get(key, 0), 0 if key == "label_dim" else 1
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{key} is {shown(value)}, expected {least} to {most}")
    return value
