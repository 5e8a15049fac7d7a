"""Samples on disk, each under its number."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from secantfw.interfaces.dataset import Dataset


def store(folder: Path, dataset: Dataset, samples: Tensor, numbers: range) -> None:
    """A PNG per sample, `000012.png`; for data that is no picture, one safetensors per batch."""
    pictures = dataset.to_uint8(samples.cpu())
    if pictures is None:
        from safetensors.torch import save_file

        file = folder / f"{numbers.start:06d}-{numbers.stop - 1:06d}.safetensors"
        save_file({"samples": samples.cpu().contiguous()}, str(file))
        return
    from PIL import Image

    for number, picture in zip(numbers, pictures.numpy(), strict=True):
        array = picture[..., 0] if picture.shape[-1] == 1 else picture
        Image.fromarray(array).save(folder / f"{number:06d}.png")
