"""Samples on disk, each under its number and nothing beside them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from torch import Tensor

from secantfw.interfaces.dataset import Dataset
from secantfw.runtime.writing import temporary_beside
from secantfw.sampling.array_file import ArrayFile

ARRAY = "samples.npy"
_Array: TypeAlias = "np.ndarray[Any, Any]"


class Store:
    """Takes samples by number and writes `batch_size` of them at a time.

    Pictures are PNGs, `000012.png`; other data are one array `samples.npy` (count, *).
    """

    def __init__(self, folder: Path, dataset: Dataset, count: int, batch_size: int) -> None:
        self._folder, self._dataset, self._count = folder, dataset, count
        self._batch_size = batch_size
        self._waiting: list[tuple[int, _Array]] = []
        self._pictures = False

    def add(self, block: Tensor, numbers: range) -> None:
        """Take a block, whose first rows are the samples `numbers`.

        The whole block is made into pictures, so that a decoder sees the same rows each time.

        Raises:
            OSError: they cannot be written.
        """
        pictures = self._dataset.to_uint8(block)
        self._pictures = pictures is not None
        found = (block.cpu() if pictures is None else pictures).numpy()
        self._waiting += zip(numbers, found[: len(numbers)], strict=True)
        while len(self._waiting) >= self._batch_size:
            self._write(self._batch_size)

    def flush(self) -> None:
        """Write what is left.

        Raises:
            OSError: it cannot be written.
        """
        if self._waiting:
            self._write(len(self._waiting))

    def _write(self, n: int) -> None:
        now, self._waiting = self._waiting[:n], self._waiting[n:]
        if self._pictures:
            for number, picture in now:
                write_picture(self._folder / f"{number:06d}.png", picture)
            return
        with ArrayFile(self._folder / ARRAY, (self._count, *now[0][1].shape)) as array:
            for number, sample in now:
                array.write(number, sample)


def write_picture(file: Path, picture: _Array) -> None:
    """(height, width, 1 or 3) uint8 as a PNG, whole or not at all."""
    from PIL import Image

    unfinished = temporary_beside(file)
    array = picture[..., 0] if picture.shape[-1] == 1 else picture
    try:
        Image.fromarray(array).save(unfinished, format="png")
        os.replace(unfinished, file)
    finally:
        unfinished.unlink(missing_ok=True)
