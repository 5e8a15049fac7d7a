"""The options of the data sets. No torch here: every listing reads this module."""

from __future__ import annotations

from typing import Literal

import attrs

import secantfw


@attrs.frozen
class Fashion16Options:
    """Options of `fashion16`."""

    labels: bool = secantfw.option(True, "give the class labels (10 classes)")


@attrs.frozen
class MixtureOptions:
    """What fixes a Gaussian mixture: the same keys for the data set and for the teacher."""

    dimension: int = secantfw.option(2, "numbers in one item", ge=1, limit=65_536)
    components: int = secantfw.option(
        8,
        "Gaussians on the ring; ignored if `means` is given",
        ge=1,
        limit=1_000_000,
    )
    radius: float = secantfw.option(
        1.0, "of the ring, in the first two axes; in one dimension half the line's length", ge=0
    )
    means: tuple[tuple[float, ...], ...] = secantfw.option(
        (), "component means, `dimension` numbers each; empty for a ring"
    )
    std: float = secantfw.option(0.1, "standard deviation of every component, in each axis", gt=0)
    weights: tuple[float, ...] = secantfw.option(
        (), "relative weights of the components; empty for equal ones", gt=0
    )
    labels: bool = secantfw.option(False, "the component is the class label")

    def __attrs_post_init__(self) -> None:
        for i, mean in enumerate(self.means):
            if len(mean) != self.dimension:
                raise ValueError(
                    f"means[{i}] has {len(mean)} numbers, expected dimension = {self.dimension}"
                )
        components = len(self.means) or self.components
        if self.weights and len(self.weights) != components:
            raise ValueError(
                f"weights has {len(self.weights)} numbers, expected {components}, one a component"
            )


@attrs.frozen
class GaussianMixtureOptions(MixtureOptions):
    """Options of the data set `gaussian_mixture`."""

    size: int = secantfw.option(20_000, "training items", ge=1, limit=1_000_000_000)
    held_out: int = secantfw.option(5_000, "held-out items", ge=0, limit=1_000_000_000)
    seed: int = secantfw.option(
        0, "of the draw; the items do not change with the run's seed", ge=0
    )


@attrs.frozen
class ImagesOptions:
    """Options of `images`."""

    folder: str = secantfw.option(
        secantfw.REQUIRED, "folder of pictures, or a zip file of them", is_path=True, is_data=True
    )
    size: int = secantfw.option(
        secantfw.REQUIRED, "side of the square items", unit="px", ge=1, limit=65_536
    )
    channels: Literal[1, 3] = secantfw.option(3, "1 for grey, 3 for RGB", choices=(1, 3))
    labels: bool = secantfw.option(
        False,
        "dataset.json in `folder` says the class, as EDM writes it; without one the first folder "
        "below `folder` names it",
    )
    held_out: str | None = secantfw.option(
        None, "folder, or zip file, of held-out pictures", is_path=True, is_data=True
    )
    held_out_fraction: float = secantfw.option(
        0.0, "share of `folder` to hold out, chosen by a hash of the file's name", ge=0, lt=1
    )
    cache: bool = secantfw.option(True, "keep decoded pictures in memory, as uint8")

    def __attrs_post_init__(self) -> None:
        _one_way_to_hold_out(self.held_out, self.held_out_fraction)


@attrs.frozen
class Cifar10Options:
    """Options of `cifar10`."""

    folder: str = secantfw.option(
        secantfw.REQUIRED,
        "folder with cifar-10-batches-bin, or with cifar-10-batches-py as torchvision keeps it; "
        "or EDM's cifar10-32x32.zip, which has no held-out pictures",
        is_path=True,
        is_data=True,
    )
    download: bool = secantfw.option(
        False, "let torchvision download what is missing into `folder`, 170 MB"
    )
    labels: bool = secantfw.option(True, "give the class labels (10 classes)")
    flips: bool = secantfw.option(True, "train on the mirrored pictures too")


@attrs.frozen
class ArraysOptions:
    """Options of `arrays`."""

    file: str = secantfw.option(
        secantfw.REQUIRED,
        "npz or safetensors file with the items of the training split",
        is_path=True,
        is_data=True,
    )
    x: str = secantfw.option("x", "key of the items, (n, *): floats as they are, uint8 as pixels")
    label: str = secantfw.option("label", "key of the labels, (n,) integers; absent for none")
    channels_last: bool = secantfw.option(
        False, "items are (n, height, width, channels) instead of channels first"
    )
    held_out: str | None = secantfw.option(
        None, "file with the held-out split", is_path=True, is_data=True
    )
    held_out_fraction: float = secantfw.option(
        0.0, "share of `file`, from its end, to hold out", ge=0, lt=1
    )

    def __attrs_post_init__(self) -> None:
        _one_way_to_hold_out(self.held_out, self.held_out_fraction)


@attrs.frozen
class LatentsOptions:
    """Options of `latents`."""

    folder: str = secantfw.option(
        secantfw.REQUIRED,
        "folder of shards (or one), or what `secantfw pack` made of it: npy with latents (n, *); "
        "npz or safetensors with `x`, or with 'mean' and 'std', and 'label'; mirrored ones under "
        "the same names with '_flip'; of twice the channels, the first half is means, the second "
        "standard deviations",
        is_path=True,
        is_data=True,
    )
    labels: str | None = secantfw.option(
        None,
        "folder of labels in files named as the shards; without it they are in the shards, in "
        "dataset.json, or in NAME_labels beside NAME_features",
        is_path=True,
        is_data=True,
    )
    flipped: str | None = secantfw.option(
        None,
        "folder of the mirrored latents in files named as the shards, for npy",
        is_path=True,
        is_data=True,
    )
    x: str = secantfw.option("latents", "key of the latents in npz and safetensors")
    shape: tuple[int, int, int] = secantfw.option(
        (4, 32, 32), "of one latent: channels, height, width", ge=1, limit=65_536
    )
    classes: int = secantfw.option(
        0, "how many classes there are; 0: no labels", ge=0, limit=10_000_000
    )
    scale: float = secantfw.option(
        0.18215, "x_0 = scale * latent; the decoder divides by it", gt=0
    )
    scaled: bool = secantfw.option(False, "the shards are already multiplied by `scale`")
    held_out_shards: int = secantfw.option(
        0,
        "shards, from the last and as they were before packing, to hold out",
        ge=0,
        limit=10_000_000,
    )
    vae: str | None = secantfw.option(
        None,
        "folder of diffusers' AutoencoderKL, for pictures; without it there are none",
        is_path=True,
    )


@attrs.frozen
class TarShardsOptions:
    """Options of `tar_shards`."""

    folder: str = secantfw.option(
        secantfw.REQUIRED,
        "folder of uncompressed .tar files (or one); a sample's members have one name but for "
        "what follows its first dot",
        is_path=True,
        is_data=True,
    )
    shape: tuple[int, int, int] = secantfw.option(
        secantfw.REQUIRED,
        "of one item: channels, height, width; pictures are cut to it",
        ge=1,
        limit=65_536,
    )
    x: str = secantfw.option(
        "npy", "the item's member: what follows the first dot; it ends in npy, npz, png, jpg, jpeg"
    )
    array: str = secantfw.option("x", "name of the array in an npz member")
    classes: int = secantfw.option(
        0, "how many classes there are; 0: no labels", ge=0, limit=10_000_000
    )
    label: Literal["cls", "json"] = secantfw.option(
        "cls", "the label's member: a number, or JSON with it", choices=("cls", "json")
    )
    label_key: str = secantfw.option("label", "name of the label in a JSON member")
    scale: float = secantfw.option(
        1.0, "x_0 = scale * item for floats; uint8 become p / 127.5 - 1", gt=0
    )
    held_out_shards: int = secantfw.option(
        0, "shards, from the last, to hold out", ge=0, limit=10_000_000
    )
    keep_index: bool = secantfw.option(
        False, "keep what was found in a shard beside it (NAME.tar.index) for the next start"
    )
    vae: str | None = secantfw.option(
        None,
        "folder of diffusers' AutoencoderKL, for pictures of latents; without it there are none",
        is_path=True,
    )

    def __attrs_post_init__(self) -> None:
        if self.kind not in ("npy", "npz", "png", "jpg", "jpeg"):
            raise ValueError(
                f"x: expected a name that ends in npy, npz, png, jpg or jpeg, got {self.x!r}"
            )
        channels, height, width = self.shape
        if self.is_picture and (channels not in (1, 3) or height != width):
            raise ValueError("shape: pictures have 1 or 3 channels, and height = width")

    @property
    def kind(self) -> str:
        return self.x.rpartition(".")[2]

    @property
    def is_picture(self) -> bool:
        return self.kind in ("png", "jpg", "jpeg")


def _one_way_to_hold_out(held_out: str | None, fraction: float) -> None:
    if held_out is not None and fraction:
        raise ValueError("held_out and held_out_fraction exclude each other; give one")
