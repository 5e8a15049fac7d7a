"""Checkpoints: a folder of safetensors with a manifest, valid or not there at all.

`step-000500.tmp-PID/` is filled, every file flushed to disk, `state.json` (sizes and SHA-256 of
the others, and its own) last; then the folder is renamed to `step-000500/`. State is keyed by
parameter name; there is no pickle.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
from torch import Tensor, nn

from secantfw.errors import RunAborted, UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.training.checkpoint_folder import MANIFEST, fingerprint, manifest_digest, name_of
from secantfw.training.files import finite, sync, write_json
from secantfw.training.generators import global_state, load_global_state
from secantfw.training.update import Update
from secantfw.weights import load_weights, save_weights


@attrs.frozen
class TrainState:
    """What beside tensors makes a resumed run continue bit for bit."""

    step: int  # steps done
    pending: tuple[Mapping[str, float], ...]  # log records since the last line of metrics.jsonl
    seconds: float  # spent training so far
    digest: str  # of the resolved experiment
    experiment: Mapping[str, str] = attrs.field(factory=dict)  # its values, by dotted key
    versions: Mapping[str, str] = attrs.field(factory=dict)  # what the numbers may depend on
    skipped_in_a_row: int = 0  # steps with non-finite numbers that this one is the last of
    time_sampler: Mapping[str, Any] = attrs.field(factory=dict)


class SaveFailed(RunAborted):
    """A checkpoint could not be written; the earlier ones are intact."""


def save(
    folder: Path, student: Backbone, update: Update, header: WeightsHeader, state: TrainState
) -> Path:
    """Write `folder/step-NNNNNN`; what was there before stays valid whatever happens.

    Raises:
        SaveFailed: disk full or permission denied, with the size that was needed.
    """
    final = folder / name_of(state.step)
    temporary = folder / f"{final.name}.tmp-{os.getpid()}"
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        _fill(temporary, student, update, header, state)
        os.rename(temporary, final)
        sync(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise SaveFailed(
            f"{final}: checkpoint not written ({error.strerror}; "
            f"{size_text(checkpoint_bytes(student))} needed); earlier checkpoints are intact"
        ) from error
    return final


def _fill(
    folder: Path, student: Backbone, update: Update, header: WeightsHeader, state: TrainState
) -> None:
    ema = update.average.network.state_dict()
    save_weights(folder / "student.safetensors", student.state_dict(), header)
    save_weights(folder / "ema.safetensors", ema, header)
    save_weights(folder / "optimizer.safetensors", update.state(), header)
    save_weights(folder / "generators.safetensors", global_state(), header)
    written = sorted(folder.iterdir())
    for file in written:
        sync(file)
    files = {file.name: fingerprint(file) for file in written}
    said = finite({**attrs.asdict(state), "files": files})
    # flushes the names in the folder too
    write_json(folder / MANIFEST, {**said, "manifest_sha256": manifest_digest(said)})


def checkpoint_bytes(student: nn.Module) -> int:
    """What a checkpoint takes: weights, their average and AdamW's two moments."""
    held: int = sum(t.nbytes for t in student.state_dict().values())
    trained: int = sum(p.nbytes for p in student.parameters() if p.requires_grad)
    return 2 * held + 2 * trained + 64 * 1024


def size_text(size: float) -> str:
    """`12.4 MB`, in powers of ten as disks are sold."""
    for unit in ("kB", "MB", "GB"):
        size /= 1000
        if size < 1000:
            return f"{size:.3g} {unit}"
    return f"{size / 1000:.3g} TB"


def read_state(checkpoint: Path) -> TrainState:
    """The state of a checkpoint that is known to be valid."""
    said = json.loads((checkpoint / MANIFEST).read_bytes())
    known = {field.name: said[field.name] for field in attrs.fields(TrainState)}
    return TrainState(**{**known, "pending": tuple(known["pending"])})


def restore(checkpoint: Path, student: Backbone, update: Update) -> TrainState:
    """Load student, average and optimiser; returns the rest.

    Raises:
        UserError: weights of another network than `student`, before anything is changed.
    """
    weights = load_weights(checkpoint / "student.safetensors")
    average = load_weights(checkpoint / "ema.safetensors")
    for name, tensors in (("student", weights), ("ema", average)):
        check_fits(checkpoint / f"{name}.safetensors", tensors, student)
    student.load_state_dict(weights)
    update.average.network.load_state_dict(average)
    update.load_state(load_weights(checkpoint / "optimizer.safetensors"))
    state = read_state(checkpoint)
    update.skipped_in_a_row(state.skipped_in_a_row)
    return state


def restore_generators(checkpoint: Path) -> None:
    """Set the global generators; the last thing before the first step, since hooks may draw."""
    load_global_state(load_weights(checkpoint / "generators.safetensors"))


def check_fits(file: Path, tensors: Mapping[str, Tensor], network: nn.Module) -> None:
    """Refuse weights whose names or shapes are not the network's, naming the first five."""
    wanted = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    found = {name: tuple(t.shape) for name, t in tensors.items()}
    wrong = [
        f"{name!r} is {found.get(name, 'missing')}, expected {wanted.get(name, 'no such tensor')}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise UserError(f"{file}: weights of another network: {'; '.join(wrong[:5])}{more}")
