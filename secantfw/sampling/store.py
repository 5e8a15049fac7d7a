"""Samples on disk, each under its number."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from secantfw.interfaces.dataset import Dataset
from secantfw.weights import write_tensors


def store(folder: Path, dataset: Dataset, samples: Tensor, numbers: range) -> None:
    """A PNG per sample, `000012.png`; for data that is no picture, one safetensors per batch.

    Raises:
        OSError: they cannot be written.
    """
    pictures = dataset.to_uint8(samples)
    if pictures is None:
        file = folder / f"{numbers.start:06d}-{numbers.stop - 1:06d}.safetensors"
        write_tensors(file, {"samples": samples.cpu().contiguous()}, {})
        return
    from PIL import Image

    for number, picture in zip(numbers, pictures.numpy(), strict=True):
        array = picture[..., 0] if picture.shape[-1] == 1 else picture
        Image.fromarray(array).save(folder / f"{number:06d}.png")
