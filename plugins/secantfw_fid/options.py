"""The options of the metrics. No torch here: every listing reads this module."""

from __future__ import annotations

from typing import Literal

import attrs

import secantfw
from secantfw_fid.feature_options import FeatureOptions, ReferenceOptions


@attrs.frozen
class FrechetOptions(FeatureOptions):
    """Options of `frechet` and `frechet_infinity`."""

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

    def __attrs_post_init__(self) -> None:
        FeatureOptions.__attrs_post_init__(self)
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
class PixelFrechetOptions:
    """`pixel_frechet` has no options."""


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
        5000,
        "samples that one score is taken of; the mean over parts is reported",
        ge=1,
        limit=100_000_000,
    )


@attrs.frozen
class TrajectoryOptions:
    """`trajectory` has no options."""


@attrs.frozen
class KernelDistanceOptions(ReferenceOptions):
    """Options of `kernel_distance`; the defaults are clean-fid's."""

    reference_samples: int = secantfw.option(
        50_000,
        "training items to compare with, evenly spread; all if there are fewer",
        ge=2,
        limit=1_000_000_000,
    )
    subsets: int = secantfw.option(
        100, "random subsets whose mean is taken", ge=1, limit=1_000_000
    )
    subset_size: int = secantfw.option(1000, "items in a subset, at most", ge=2, limit=100_000_000)
    seed: int = secantfw.option(0, "seed of the subsets", ge=0)


@attrs.frozen
class NeighbourOptions(ReferenceOptions):
    """Options of `precision`, `recall`, `density` and `coverage`."""

    k: int = secantfw.option(
        5,
        "a point's ball reaches to its k-th neighbour; 3 in arXiv:1904.06991",
        ge=1,
        limit=100_000,
    )


@attrs.frozen
class SlicedWassersteinOptions:
    """Options of `sliced_wasserstein`."""

    projections: int = secantfw.option(64, "random directions", ge=1, limit=1_000_000)
    seed: int = secantfw.option(0, "seed of the directions", ge=0)
    reference_samples: int = secantfw.option(
        50_000,
        "training items to compare with, evenly spread; all if there are fewer",
        ge=2,
        limit=1_000_000_000,
    )


@attrs.frozen
class EnergyDistanceOptions:
    """Options of `energy_distance`."""

    reference_samples: int = secantfw.option(
        10_000,
        "training items to compare with, evenly spread; all if there are fewer",
        ge=2,
        limit=1_000_000_000,
    )


@attrs.frozen
class SecantErrorOptions:
    """Options of `secant_error`."""

    bins: int = secantfw.option(8, "bins of t, and as many of s", ge=1, le=64)
    per_bin: int = secantfw.option(64, "points in each bin", ge=1, limit=100_000_000)
    seed: int = secantfw.option(0, "seed of the times", ge=0)
