"""Options of every metric that is measured in a feature space. No torch here."""

from __future__ import annotations

from typing import Literal

import attrs

import secantfw

#: How pictures become Inception's 299x299: by clean-fid's filter outside the network, as
#: TensorFlow did inside it (clean-fid's legacy_tensorflow), or by torch's bilinear filter outside,
#: without antialiasing (as clean-fid's legacy_pytorch resizes).
Resize = Literal["clean", "tensorflow", "torch"]


@attrs.frozen
class FeatureOptions:
    """Which feature space."""

    features: Literal["auto", "fashion16", "identity", "inception", "network"] = secantfw.option(
        "auto",
        "feature space: the embedded network for 16x16 grey pictures, the data themselves, "
        "Inception-v3, or the network in `network`; auto: the first for (1, 16, 16), the second "
        "for vectors, else the third",
        choices=("auto", "fashion16", "identity", "inception", "network"),
    )
    weights: str | None = secantfw.option(
        None,
        "inception only: the file inception-2015-12-05.pt; by default where clean-fid keeps it",
        is_path=True,
    )
    resize: Resize | None = secantfw.option(
        None,
        "inception only: clean-fid's filter, as in TensorFlow, or torch's bilinear one; not set: "
        "'tensorflow' with `statistics`, which were made so, else 'clean'",
    )
    network: str | None = secantfw.option(
        None,
        "network only: a TorchScript file, (n, 3, size, size) -> (n, d), which is a program: name "
        "only one you trust; or a folder of transformers with config.json and model.safetensors, "
        "such as facebook/dinov2-large or openai/clip-vit-large-patch14",
        is_path=True,
    )
    network_size: int = secantfw.option(
        224, "network only: side of its pictures, pixels", ge=1, limit=65_536
    )
    network_mean: tuple[float, float, float] | None = secantfw.option(
        None,
        "network only: subtracted from colours in [0, 1]; not set: as its folder says, else "
        "ImageNet's",
    )
    network_std: tuple[float, float, float] | None = secantfw.option(
        None, "network only: what they are then divided by; not set: likewise", gt=0
    )

    def __attrs_post_init__(self) -> None:
        if (self.network is not None) != (self.features == "network"):
            raise ValueError("features = 'network' and the option network go together")


@attrs.frozen
class ReferenceOptions(FeatureOptions):
    """A feature space, and how much of the training split stands for the data."""

    reference_samples: int = secantfw.option(
        10_000,
        "training items to compare with, evenly spread; all if there are fewer",
        ge=2,
        limit=1_000_000_000,
    )
