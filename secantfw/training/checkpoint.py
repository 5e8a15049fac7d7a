"""Checkpoints: a folder of safetensors with a manifest, valid or not there at all.

`step-000500.tmp-PID/` is filled, every file flushed to disk, `state.json` (sizes and SHA-256 of
the others, and its own) last; then the folder is renamed to `step-000500/`. State is keyed by
parameter name; there is no pickle.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
from torch import Tensor, nn

from secantfw.errors import RunAborted, UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.parallel.group import Group
from secantfw.runtime.checkpoint_folder import MANIFEST, fingerprint, manifest_digest, name_of
from secantfw.runtime.files import finite, sync, write_json
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.run_folder import RunFolder
from secantfw.training.generators import load_gathered_state
from secantfw.training.inputs import Input, read_inputs
from secantfw.training.update import Update
from secantfw.weights.safetensors import load_weights, save_weights


@attrs.frozen
class TrainState:
    """What beside tensors makes a resumed run continue bit for bit."""

    step: int  # steps done
    pending: tuple[Mapping[str, float], ...]  # log records since the last line of metrics.jsonl
    seconds: float  # spent training so far
    digest: str  # of the resolved experiment
    experiment: Mapping[str, str] = attrs.field(factory=dict)  # its values, by dotted key
    versions: Mapping[str, str] = attrs.field(factory=dict)  # what the numbers may depend on
    inputs: Mapping[str, Input] = attrs.field(factory=dict)  # files of the experiment, by key
    skipped_in_a_row: int = 0  # steps with non-finite numbers that this one is the last of
    time_sampler: Mapping[str, Any] = attrs.field(factory=dict)
    loss_scale: Sequence[float] = ()  # under fp16


class SaveFailed(RunAborted):
    """A checkpoint could not be written; the earlier ones are intact."""


def save(
    folder: Path,
    student: Backbone,
    update: Update,
    header: WeightsHeader,
    state: TrainState,
    generators: dict[str, Tensor],
) -> Path:
    """Write `folder/step-NNNNNN`; what was there before stays valid whatever happens.

    Raises:
        SaveFailed: disk full or permission denied, with the size that was needed.
    """
    final = folder / name_of(state.step)
    temporary = folder / f"{final.name}.tmp-{os.getpid()}"
    with saving(temporary, final, student):
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        ema = update.average.network.state_dict()
        save_weights(temporary / "student.safetensors", student.state_dict(), header)
        save_weights(temporary / "ema.safetensors", ema, header)
        save_weights(temporary / "optimizer.safetensors", update.state(), header)
    complete(temporary, final, student, header, state, generators)
    return final


def complete(
    temporary: Path,
    final: Path,
    student: Backbone,
    header: WeightsHeader,
    state: TrainState,
    generators: dict[str, Tensor],
) -> None:
    """Make `temporary`, which has all weights, the checkpoint `final`.

    Raises:
        SaveFailed: disk full or permission denied; `temporary` is gone then.
    """
    with saving(temporary, final, student):
        save_weights(temporary / "generators.safetensors", generators, header)
        _write_manifest(temporary, state)
        os.rename(temporary, final)
        sync(final.parent)


@contextmanager
def saving(temporary: Path, final: Path, student: nn.Module) -> Iterator[None]:
    """Leave nothing of a checkpoint that could not be written.

    Raises:
        SaveFailed: instead of an OSError.
    """
    try:
        yield
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        raise SaveFailed(
            f"{final}: checkpoint not written ({error.strerror}; "
            f"{size_text(checkpoint_bytes(student))} needed); earlier checkpoints are intact"
        ) from error


def _write_manifest(folder: Path, state: TrainState) -> None:
    """state.json; every file is on the disk before it is."""
    written = sorted(file for file in folder.rglob("*") if file.is_file())
    for file in written:
        sync(file)
    for shards in (place for place in folder.iterdir() if place.is_dir()):
        sync(shards)
    names = [file.relative_to(folder).as_posix() for file in written]
    files = {name: fingerprint(folder, name) for name in names}
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
    said = parse_json(RunFolder(checkpoint).read(MANIFEST) or b"")
    known = {f.name: said[f.name] for f in attrs.fields(TrainState) if f.name in said}
    inputs = read_inputs(known.get("inputs", {}))
    return TrainState(**{**known, "pending": tuple(known["pending"]), "inputs": inputs})


def restore(checkpoint: Path, student: Backbone, update: Update) -> TrainState:
    """Load student, average and optimiser; returns the rest.

    Raises:
        UserError: weights of another network than `student`, before anything is changed.
    """
    if update.engine.sharded:
        from secantfw.training.sharded import restore_sharded

        restore_sharded(checkpoint, student, update)
    else:
        _restore_networks(checkpoint, student, update)
        update.load_state(tensors_of(checkpoint, "optimizer"))
    state = read_state(checkpoint)
    update.skipped_in_a_row(state.skipped_in_a_row)
    if update.scale is not None and state.loss_scale:
        update.scale.load_state(state.loss_scale)
    return state


def _restore_networks(checkpoint: Path, student: Backbone, update: Update) -> None:
    """Student and average; what was read is gone before the optimiser's state is."""
    weights, average = tensors_of(checkpoint, "student"), tensors_of(checkpoint, "ema")
    for name, tensors in (("student", weights), ("ema", average)):
        check_fits(checkpoint / f"{name}.safetensors", tensors, student)
    student.load_state_dict(weights)
    update.average.network.load_state_dict(average)


def tensors_of(checkpoint: Path, name: str) -> dict[str, Tensor]:
    """Of `student`, `ema` or `optimizer`: whole tensors, put together of shards if need be."""
    if not (checkpoint / name).is_dir():
        return load_weights(checkpoint / f"{name}.safetensors")
    from secantfw.training.sharded import whole_tensors

    return whole_tensors(checkpoint / name)


def restore_generators(checkpoint: Path, seed: int, step: int, group: Group) -> None:
    """Set the global generators; the last thing before the first step, since hooks may draw."""
    state = load_weights(checkpoint / "generators.safetensors")
    load_gathered_state(state, seed, step, group)


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
