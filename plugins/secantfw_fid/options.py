"""The options of the metrics. No torch here: every listing reads this module."""

from __future__ import annotations

from typing import Literal

import attrs

import secantfw


@attrs.frozen
class FrechetOptions:
    """Options of `frechet`."""

    features: Literal["auto", "fashion16", "identity", "inception"] = secantfw.option(
        "auto",
        "feature space: the embedded network for 16x16 grey pictures, the data themselves, or "
        "Inception-v3; auto: the first for (1, 16, 16), the second for vectors, else the third",
        choices=("auto", "fashion16", "identity", "inception"),
    )
    weights: str | None = secantfw.option(
        None,
        "inception only: the file inception-2015-12-05.pt; by default where clean-fid keeps it",
        is_path=True,
    )
    reference: str = secantfw.option(
        "dataset",
        "distance to what: the data set's training split, or (inception only) statistics of "
        "clean-fid as NAME:RESOLUTION:SPLIT, such as cifar10:32:train",
    )

    def __attrs_post_init__(self) -> None:
        if self.reference != "dataset" and self.features != "inception":
            raise ValueError(f"reference = {self.reference!r} needs features = 'inception'")
        if self.reference != "dataset" and self.reference.count(":") != 2:
            raise ValueError(
                f"reference = {self.reference!r}; expected 'dataset' or NAME:RESOLUTION:SPLIT, "
                "such as cifar10:32:train"
            )


@attrs.frozen
class TrajectoryOptions:
    """`trajectory` has no options."""
