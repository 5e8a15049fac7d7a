"""Shares of tensors on disk: each process writes its own, by torch.distributed.checkpoint.

A folder holds a safetensors file a process, whose headers say where each piece belongs.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import (
    HuggingFaceStorageReader,
    HuggingFaceStorageWriter,
)
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.tensor import DTensor


def save_shares(place: Path, tensors: dict[str, Tensor]) -> None:
    """Write the folder `place`; called by every process.

    Raises:
        OSError: a process cannot write its share.
    """
    try:
        save(tensors, storage_writer=HuggingFaceStorageWriter(str(place), save_distributed=True))
    except CheckpointException as error:
        said = next(iter(str(error).splitlines()), "")
        raise OSError(errno.EIO, said) from error


def load_shares(place: Path, tensors: dict[str, Tensor]) -> None:
    """Fill the shares of this process, from shards or from a file of whole tensors."""
    if place.is_dir():
        load(tensors, storage_reader=HuggingFaceStorageReader(str(place)))
    else:
        _from_whole(tensors, place.with_name(f"{place.name}.safetensors"))


def as_part(like: DTensor, share: Tensor) -> DTensor:
    """`share` as a part of a tensor that is shared out as `like` is."""
    return DTensor.from_local(
        share,
        like.device_mesh,
        like.placements,
        run_check=False,
        shape=like.shape,
        stride=like.stride(),
    )


def _from_whole(tensors: Mapping[str, Tensor], file: Path) -> None:
    with safe_open(file, framework="pt") as stored, torch.no_grad():
        for name, tensor in tensors.items():
            whole = stored.get_tensor(name)
            if not isinstance(tensor, DTensor):
                tensor.copy_(whole)
                continue
            mesh, held = tensor.device_mesh, tensor.to_local()
            if held.numel():
                held.copy_(whole.chunk(mesh.size())[mesh.get_rank()])
