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
from secantfw.parallel.group import ALONE, Group
from secantfw.runtime.checkpoint_folder import (
    MANIFEST,
    fingerprint,
    manifest_digest,
    name_of,
    temporary_of,
)
from secantfw.runtime.files import finite, sync, write_json
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.run_folder import RunFolder
from secantfw.training.generators import load_gathered_state
from secantfw.training.inputs import Input, read_inputs
from secantfw.training.update import Update
from secantfw.weights.safetensors import load_weights, save_weights
from secantfw.weights.stored import file_of, stored_shapes


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
    group: Group = ALONE,
) -> Path:
    """Write `folder/step-NNNNNN`; what was there before stays valid whatever happens. Every
    process of `group` calls it.

    Raises:
        SaveFailed: disk full or permission denied, with the size that was needed.
        EndsWithAnother: another process cannot write its share.
    """
    final = folder / name_of(state.step)
    temporary = group.from_main(temporary_of(final))
    with _main_alone(group, temporary, final, student) as is_main:
        if is_main:
            shutil.rmtree(temporary, ignore_errors=True)
            temporary.mkdir(parents=True)
    for name, tensors in _parts(student, update).items():
        with group.together(), saving(temporary, final, student):
            update.engine.save(temporary / name, tensors, header)
    with _main_alone(group, temporary, final, student) as is_main:
        if is_main:
            save_weights(temporary / "generators.safetensors", generators, header)
            _write_manifest(temporary, state)
            os.rename(temporary, final)
            sync(final.parent)
    return final


def _parts(student: Backbone, update: Update) -> dict[str, dict[str, Tensor]]:
    """What a checkpoint holds, by the names of its files or folders."""
    engine = update.engine
    return {
        "student": engine.weights(student),
        "ema": engine.weights(update.average.network),
        "optimizer": update.state(),
    }


@contextmanager
def _main_alone(group: Group, temporary: Path, final: Path, student: nn.Module) -> Iterator[bool]:
    with group.together(), saving(temporary, final, student):
        yield group.is_main


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
    engine, networks = update.engine, {"student": student, "ema": update.average.network}
    for name, network in networks.items():
        check_fits(checkpoint / name, stored_shapes(checkpoint / name), network)
    for name, network in networks.items():
        engine.load(checkpoint / name, engine.weights(network))
    update.make_state(stored_shapes(checkpoint / "optimizer"))
    engine.load(checkpoint / "optimizer", update.state())
    state = read_state(checkpoint)
    update.skipped_in_a_row(state.skipped_in_a_row)
    if update.scale is not None and state.loss_scale:
        update.scale.load_state(state.loss_scale)
    return state


def restore_generators(checkpoint: Path, seed: int, step: int, group: Group) -> None:
    """Set the global generators; the last thing before the first step, since hooks may draw."""
    state = load_weights(checkpoint / "generators.safetensors")
    load_gathered_state(state, seed, step, group)


def check_fits(place: Path, found: Mapping[str, tuple[int, ...]], network: nn.Module) -> None:
    """Refuse weights whose names or shapes are not the network's, naming the first five."""
    wanted = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    wrong = [
        f"{name!r} is {found.get(name, 'missing')}, expected {wanted.get(name, 'no such tensor')}"
        for name in sorted(wanted.keys() | found.keys())
        if wanted.get(name) != found.get(name)
    ]
    if wrong:
        more = f" and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        said = place if place.is_dir() else file_of(place)
        raise UserError(f"{said}: weights of another network: {'; '.join(wrong[:5])}{more}")
