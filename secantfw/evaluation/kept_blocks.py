"""Blocks of an evaluation on disk: whatever process made one, any process finds it.

    FOLDER/NAME/000256.safetensors

A block has its name once it is whole and on the disk; one that cannot be read is one that is not
there, and is made again. All file access is here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from secantfw.errors import UserError
from secantfw.runtime.regular_file import read_regular
from secantfw.runtime.writing import remove, replacing

#: Bytes of a block: far more than one that was ever written.
_LARGEST = 1 << 33


class KeptBlocks:
    """Named series of numbered blocks below `folder`, each a dict of tensors on the CPU."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, series: str, number: int) -> dict[str, Tensor] | None:
        """The block; None if it is not there, or damaged."""
        try:
            return safetensors.torch.load(read_regular(self._file(series, number), _LARGEST))
        except (OSError, UserError, SafetensorError, ValueError, KeyError):
            return None

    def put(self, series: str, number: int, block: Mapping[str, Tensor]) -> None:
        """Keep a block, whole or not at all; equal ones may be put at once.

        Raises:
            OSError: it cannot be written.
        """
        file = self._file(series, number)
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in block.items()}
        with replacing(file) as unfinished, unfinished.open("xb") as stream:
            stream.write(safetensors.torch.save(tensors))

    def remove(self, series: str) -> None:
        """Forget a series that is not needed any more."""
        with contextlib.suppress(OSError):
            remove(self._folder / series)

    def _file(self, series: str, number: int) -> Path:
        return self._folder / series / f"{number:08d}.safetensors"
