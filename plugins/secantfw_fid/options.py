"""The options of the metrics. No torch here: every listing reads this module."""

from __future__ import annotations

from typing import Literal

import attrs

import secantfw

#: Where Inception's pictures become 299x299: by clean-fid's filter, or as TensorFlow did.
Resize = Literal["clean", "tensorflow"]


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
    statistics: str | None = secantfw.option(
        None,
        "inception only: npz with `mu` and `sigma` to measure the distance to, such as ADM's "
        "VIRTUAL_imagenet256_labeled.npz",
        is_path=True,
    )
    resize: Resize | None = secantfw.option(
        None,
        "inception only: clean-fid's filter, or as in TensorFlow; not set: 'tensorflow' with "
        "`statistics`, which were made so, else 'clean'",
    )

    def __attrs_post_init__(self) -> None:
        if self.statistics is not None and self.features != "inception":
            raise ValueError("statistics need features = 'inception'")
        if self.statistics is not None and self.reference != "dataset":
            raise ValueError("statistics and reference exclude each other; give one")
        if self.reference != "dataset" and self.features != "inception":
            raise ValueError(f"reference = {self.reference!r} needs features = 'inception'")
        if self.reference != "dataset" and self.reference.count(":") != 2:
            raise ValueError(
                f"reference = {self.reference!r}; expected 'dataset' or NAME:RESOLUTION:SPLIT, "
                "such as cifar10:32:train"
            )


@attrs.frozen
class InceptionScoreOptions:
    """Options of `inception_score`."""

    classifier: Literal["auto", "fashion16", "inception"] = secantfw.option(
        "auto",
        "the embedded one for 16x16 grey pictures, or Inception-v3; auto: by the shape",
        choices=("auto", "fashion16", "inception"),
    )
    weights: str | None = secantfw.option(
        None,
        "Inception's file inception-2015-12-05.pt; by default where clean-fid keeps it",
        is_path=True,
    )
    part: int = secantfw.option(
        5000, "samples that one score is taken of; the mean over parts is reported", ge=1
    )


@attrs.frozen
class TrajectoryOptions:
    """`trajectory` has no options."""
