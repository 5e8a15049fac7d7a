"""Checkpoints that every process writes its share of, by torch.distributed.checkpoint.

`student/`, `ema/` and `optimizer/` hold a safetensors file a process, whose headers say where
each piece belongs; there is no pickle. Any number of processes reads them, one too.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.hf_storage import (
    HuggingFaceStorageReader,
    HuggingFaceStorageWriter,
)
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save
from torch.distributed.tensor import DTensor

from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.parallel.group import Group
from secantfw.runtime.checkpoint_folder import name_of
from secantfw.training.checkpoint import SaveFailed, TrainState, complete, saving
from secantfw.training.update import Update

Tensors = dict[str, Tensor]


def save_sharded(
    folder: Path,
    student: Backbone,
    update: Update,
    header: WeightsHeader,
    state: TrainState,
    generators: Tensors,
    group: Group,
) -> None:
    """Write `folder/step-NNNNNN`; called by every process.

    Raises:
        SaveFailed: a process cannot write its share.
        EndsWithAnother: another one cannot.
    """
    final = folder / name_of(state.step)
    temporary = group.from_main(folder / f"{final.name}.tmp-{os.getpid()}")
    try:
        with group.together():
            if group.is_main:
                _empty(temporary, final, student)
        for name, tensors in _parts(student, update).items():
            writer = HuggingFaceStorageWriter(str(temporary / name), save_distributed=True)
            save(tensors, storage_writer=writer)
    except CheckpointException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        said = next(iter(str(error).splitlines()), "")
        raise SaveFailed(
            f"{final}: checkpoint not written ({said}); earlier checkpoints are intact"
        ) from error
    with group.together():
        if group.is_main:
            complete(temporary, final, student, header, state, generators)


def _empty(temporary: Path, final: Path, student: Backbone) -> None:
    with saving(temporary, final, student):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)


def restore_sharded(checkpoint: Path, student: Backbone, update: Update) -> None:
    """Fill the shares of this process, from shards or from a checkpoint of whole tensors."""
    for name, tensors in _parts(student, update, for_loading=True).items():
        if (checkpoint / name).is_dir():
            reader = HuggingFaceStorageReader(str(checkpoint / name))
            load(tensors, storage_reader=reader)
        else:
            _fill_shares(tensors, checkpoint / f"{name}.safetensors")


def whole_tensors(folder: Path) -> Tensors:
    """The tensors whose pieces lie in `folder`, put together on the CPU, in one process."""
    reader = HuggingFaceStorageReader(str(folder))
    tensors: Tensors = {
        name: torch.empty(known.size, dtype=known.properties.dtype)
        for name, known in reader.read_metadata().state_dict_metadata.items()
        if isinstance(known, TensorStorageMetadata)
    }
    with warnings.catch_warnings():  # that one process reads what several wrote is meant
        warnings.simplefilter("ignore")
        load(tensors, storage_reader=HuggingFaceStorageReader(str(folder)), no_dist=True)
    return tensors


def _fill_shares(tensors: Mapping[str, Tensor], file: Path) -> None:
    from safetensors import safe_open

    with safe_open(file, framework="pt") as stored:
        for name, tensor in tensors.items():
            whole = stored.get_tensor(name)
            if not isinstance(tensor, DTensor):
                tensor.copy_(whole)
                continue
            mesh, held = tensor.device_mesh, tensor.to_local()
            pieces, rank = whole.chunk(mesh.size()), mesh.get_rank()
            if held.numel():
                held.copy_(pieces[rank])


def _parts(student: Backbone, update: Update, for_loading: bool = False) -> dict[str, Tensors]:
    """Sharded tensors by the names that whole ones have."""
    if for_loading:
        update.make_state()
    moments: Tensors = {}
    sharded = {n: p for n, p in student.named_parameters() if p.requires_grad}
    for key, value in update.state().items():
        like = sharded[key.rpartition("/")[0]]
        assert isinstance(like, DTensor)
        moments[key] = value if value.ndim == 0 else _as(like, value)
    return {
        "student": dict(student.state_dict()),
        "ema": dict(update.average.network.state_dict()),
        "optimizer": moments,
    }


def _as(like: DTensor, share: Tensor) -> DTensor:
    """`share` as a part of a tensor that is shared out as `like` is."""
    return DTensor.from_local(
        share,
        like.device_mesh,
        like.placements,
        run_check=False,
        shape=like.shape,
        stride=like.stride(),
    )
