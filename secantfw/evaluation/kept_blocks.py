"""Blocks of an evaluation on disk: whatever process made one, any process finds it.

    FOLDER/NAME/000256.safetensors

A block has its name once it is whole and on the disk; one that cannot be read is one that is not
there, and is made again. All file access is here.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from secantfw.training.files import sync


class KeptBlocks:
    """Named series of numbered blocks below `folder`, each a dict of tensors on the CPU."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, series: str, number: int) -> dict[str, Tensor] | None:
        """The block; None if it is not there, or damaged."""
        try:
            return safetensors.torch.load(self._file(series, number).read_bytes())
        except (OSError, SafetensorError, ValueError, KeyError):
            return None

    def put(self, series: str, number: int, block: Mapping[str, Tensor]) -> None:
        """Keep a block, whole or not at all; equal ones may be put at once.

        Raises:
            OSError: it cannot be written.
        """
        file = self._file(series, number)
        file.parent.mkdir(parents=True, exist_ok=True)
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in block.items()}
        unfinished = file.with_name(f".{file.name}.tmp-{uuid.uuid4().hex}")
        try:
            with unfinished.open("xb") as stream:
                stream.write(safetensors.torch.save(tensors))
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(unfinished, file)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(file.parent)

    def remove(self, series: str) -> None:
        """Forget a series that is not needed any more."""
        shutil.rmtree(self._folder / series, ignore_errors=True)

    def _file(self, series: str, number: int) -> Path:
        return self._folder / series / f"{number:08d}.safetensors"
