"""The components and assets of the data plug-in."""

from __future__ import annotations

from typing import Any

import secantfw

SECANTFW_API = 1


@secantfw.hookimpl
def secantfw_components(register: Any) -> None:
    register.bibliography("references.bib")
    register.asset("fashion16/images", "assets/fashion16.npz")
    register.asset("fashion16/pictures", "assets/pictures")
    register.dataset(
        "fashion16",
        "secantfw_data.fashion16:Fashion16",
        options="secantfw_data.options:Fashion16Options",
        summary="Fashion-MNIST at 16x16, embedded: 30,000 training and 5,000 held-out pictures",
        cite=("arXiv:1708.07747",),
    )
    register.asset("cifar10/example", "assets/cifar10")
    register.dataset(
        "cifar10",
        "secantfw_data.cifar10:Cifar10",
        options="secantfw_data.options:Cifar10Options",
        summary="CIFAR-10 from a folder or EDM's zip file, or downloaded by torchvision",
        cite=("https://www.cs.toronto.edu/~kriz/learning-features-2009-TR.pdf",),
        example={"folder": "asset:cifar10/example"},
    )
    register.dataset(
        "gaussian_mixture",
        "secantfw_data.gaussian_mixture:GaussianMixture",
        options="secantfw_data.options:GaussianMixtureOptions",
        summary="Vectors from a mixture of Gaussians, on a ring or at given means",
    )
    register.dataset(
        "images",
        "secantfw_data.images:Images",
        options="secantfw_data.options:ImagesOptions",
        summary="A folder or zip file of pictures, cut to their central square and resized",
        example={
            "folder": "asset:fashion16/pictures",
            "size": 16,
            "channels": 1,
            "held_out_fraction": 0.4,
        },
    )
    register.dataset(
        "arrays",
        "secantfw_data.arrays:Arrays",
        options="secantfw_data.options:ArraysOptions",
        summary="Items (and labels) from an npz or safetensors file",
        example={
            "file": "asset:fashion16/images",
            "x": "train",
            "label": "train_label",
            "held_out_fraction": 0.1,
        },
    )
    register.asset("latents/example", "assets/latents.safetensors")
    register.dataset(
        "latents",
        "secantfw_data.latents:Latents",
        options="secantfw_data.options:LatentsOptions",
        summary="Latents that an autoencoder has encoded before, in memory-mapped shards",
        cite=("arXiv:2112.10752",),
        example={"folder": "asset:latents/example", "shape": [4, 4, 4], "classes": 4},
    )
    register.asset("tar_shards/example", "assets/tar_shards")
    register.dataset(
        "tar_shards",
        "secantfw_data.tar_shards:TarShards",
        options="secantfw_data.options:TarShardsOptions",
        summary="Arrays or pictures in tar shards as webdataset writes them, read by place",
        example={
            "folder": "asset:tar_shards/example",
            "shape": [4, 4, 4],
            "classes": 4,
            "held_out_shards": 1,
        },
    )
    register.teacher(
        "gaussian_mixture",
        "secantfw_data.mixture_teacher:GaussianMixtureTeacher",
        options="secantfw_data.options:MixtureOptions",
        summary="The exact tangent of a Gaussian mixture, in closed form, on every path",
        example={"labels": True, "components": 4},  # as many as the kit's data have classes
    )


@secantfw.hookimpl
def secantfw_commands(subparsers: Any) -> None:
    from secantfw_data import pack_verb  # here, since other commands have no use for argparse

    pack_verb.add_arguments(subparsers.add_parser(pack_verb.NAME, help=pack_verb.HELP))
