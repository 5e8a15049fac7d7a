"""Options of the basics. Imports no torch."""

from __future__ import annotations

from typing import Literal

import attrs

from secantfw import GridOptions, option

#: "generate": s < t, from noise to data. "both": t and s are exchanged in half of the rows.
Direction = Literal["generate", "both"]


@attrs.frozen
class HeunOptions(GridOptions):
    """Options of `heun`."""

    final: Literal["euler", "heun"] = option(
        "euler",
        "the last step: Euler's as in EDM, 2N - 1 evaluations and none at the end; or Heun's, 2N, "
        "for few steps that do not end at the data",
    )


_T_MIN = "where time begins: training, sampling and inversion stay above it"
_T_MAX = "where time ends, at noise"


@attrs.frozen
class PathOptions:
    """Options of `linear` and `trigonometric`. Networks that predict noise or the score, and
    stochastic sampling, need a range that leaves out an end; SiT takes [0.001, 0.999].
    """

    t_min: float = option(0.0, _T_MIN, ge=0, lt=1)
    t_max: float = option(1.0, _T_MAX, gt=0, le=1)

    def __attrs_post_init__(self) -> None:
        _check_range(self.t_min, self.t_max)


@attrs.frozen
class VPOptions:
    """Options of `vp`, whose d_sigma is infinite at t = 0. SiT trains from 1e-5."""

    t_min: float = option(1e-3, _T_MIN, gt=0, lt=1)
    t_max: float = option(1.0, _T_MAX, gt=0, le=1)

    def __attrs_post_init__(self) -> None:
        _check_range(self.t_min, self.t_max)


def _check_range(t_min: float, t_max: float) -> None:
    if not t_min < t_max:
        raise ValueError(f"t_min must be below t_max, got {t_min} and {t_max}")


@attrs.frozen
class SegmentsOptions(GridOptions):
    """Options of `segments`; sample with the same grid."""

    segments: int = option(4, "N segments of time; sample with as many steps", ge=1, limit=100_000)
    direction: Direction = option(
        "generate", "'both' exchanges t and s in half of the rows, for losses that go both ways"
    )
    whole: float = option(
        0.0, "share of rows that take the whole segment, the step that sampling takes", ge=0, le=1
    )


@attrs.frozen
class ContinuousOptions:
    """Options of `continuous`."""

    segments: int = option(
        4, "intervals are at most 1/N of the time range long", ge=1, limit=100_000
    )
    direction: Direction = option(
        "generate", "'both' exchanges t and s in half of the rows, for losses that go both ways"
    )


@attrs.frozen
class FloorGridOptions:
    """Options of `floor_grid`."""

    segments: int = option(
        4, "N equal segments of time; t lies on their ends", ge=1, limit=100_000
    )
    direction: Direction = option(
        "generate", "'both' exchanges t and s in half of the rows, for losses that go both ways"
    )


@attrs.frozen
class EqualOptions:
    """Options of `equal`."""

    law: Literal["uniform", "logit_normal"] = option("uniform", "the law of t")
    mean: float = option(0.0, "mean of ln(t / (1 - t)) under 'logit_normal'; above 0: more noise")
    std: float = option(1.0, "standard deviation of ln(t / (1 - t)) under 'logit_normal'", gt=0)


@attrs.frozen
class MLPOptions:
    """Options of `mlp`. A size left out comes from the teacher's weights, else 256 and 3."""

    width: int | None = option(None, "hidden width", ge=2, limit=65_536)
    depth: int | None = option(None, "residual blocks", ge=1, limit=1_000)
    guidance_embedding: Literal["none", "scale"] | None = option(
        None, "'scale': the network is told its scale; not set: where [guidance] has a range"
    )
