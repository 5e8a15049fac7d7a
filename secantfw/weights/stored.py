"""What a checkpoint keeps under one name: a safetensors file, or a folder of shards.

`student.safetensors` holds whole tensors. `student/` holds a safetensors file a process, whose
headers say where each piece belongs, as torch.distributed.checkpoint writes them; any number of
processes reads them, one too. There is no pickle.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from secantfw.weights.safetensors import load_weights, read_shapes

if TYPE_CHECKING:
    from torch import Tensor
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata


def file_of(place: Path) -> Path:
    """Where whole tensors lie, of which `place` is the name without an ending."""
    return place.with_name(f"{place.name}.safetensors")


def stored_shapes(place: Path) -> Mapping[str, tuple[int, ...]]:
    """The shapes of the whole tensors, by name."""
    if not place.is_dir():
        return read_shapes(file_of(place))
    return {name: tuple(known.size) for name, known in _known(place).items()}


def stored_tensors(place: Path) -> dict[str, Tensor]:
    """The whole tensors on the CPU, put together of shards if need be, in one process.

    Raises:
        UserError: a file that is not there, or damaged.
    """
    if not place.is_dir():
        return load_weights(file_of(place))
    import torch
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
    from torch.distributed.checkpoint.state_dict_loader import load

    tensors = {
        name: torch.empty(known.size, dtype=known.properties.dtype)
        for name, known in _known(place).items()
    }
    with warnings.catch_warnings():  # that one process reads what several wrote is meant
        warnings.simplefilter("ignore")
        load(tensors, storage_reader=HuggingFaceStorageReader(str(place)), no_dist=True)
    return tensors


def fill(tensors: Mapping[str, Tensor], place: Path) -> None:
    """Copy what is stored into `tensors`, in place; those that are not stored stay as they are."""
    import torch

    stored = stored_tensors(place)
    with torch.no_grad():
        for name, tensor in tensors.items():
            if name in stored:
                tensor.copy_(stored[name])


def _known(folder: Path) -> Mapping[str, TensorStorageMetadata]:
    from torch.distributed.checkpoint.hf_storage import HuggingFaceStorageReader
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata

    said = HuggingFaceStorageReader(str(folder)).read_metadata().state_dict_metadata
    return {name: k for name, k in said.items() if isinstance(k, TensorStorageMetadata)}
