"""Options classes, some of them faulty. Imports no torch."""

from __future__ import annotations

import math

import attrs

from secantfw import option


@attrs.frozen
class NoOptions:
    """Nothing to choose."""


@attrs.frozen
class Degrees:
    """In degrees as given, in radians ever after."""

    angle: float = attrs.field(
        default=90.0,
        converter=lambda x: x * math.pi / 180,
        metadata=dict(option(0.0, "turn").metadata),
    )


@attrs.frozen
class Clipped:
    """What is written back is not what was read."""

    draws: int = option(4, "how many")
    rest: int = attrs.field(init=False, default=0, metadata=dict(option(0, "left").metadata))

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "rest", self.draws - 1)


@attrs.frozen
class Mapping:
    """A type that no TOML value becomes."""

    factors: dict = option((), "by name")


@attrs.frozen
class Silent:
    """An option that `describe` has nothing to say about."""

    power: float = 2.0
