"""Checkpoints: a folder of safetensors with a manifest, valid or not there at all.

`step-000500.tmp-PID/` is filled, every file flushed to disk, `state.json` (sizes and SHA-256 of
the others) last; then the folder is renamed to `step-000500/`. The newest valid one is found by
scanning. State is keyed by parameter name; there is no pickle.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from secantfw.errors import RunAborted, UserError
from secantfw.interfaces.backbone import Backbone
from secantfw.interfaces.records import WeightsHeader
from secantfw.training.files import sync, write_json
from secantfw.training.update import Update
from secantfw.weights import load_weights, save_weights

_NAME = re.compile(r"step-(\d{6,})")


@attrs.frozen
class TrainState:
    """What beside tensors makes a resumed run continue bit for bit."""

    step: int  # steps done
    pending: tuple[Mapping[str, float], ...]  # log records since the last line of metrics.jsonl
    seconds: float  # spent training so far
    digest: str  # of the resolved experiment
    time_sampler: Mapping[str, Any] = attrs.field(factory=dict)


def save(
    folder: Path, student: Backbone, update: Update, header: WeightsHeader, state: TrainState
) -> Path:
    """Write `folder/step-NNNNNN`; what was there before stays valid whatever happens.

    Raises:
        RunAborted: disk full or permission denied, with the size that was needed.
    """
    final = folder / f"step-{state.step:06d}"
    temporary = folder / f"{final.name}.tmp-{os.getpid()}"
    shutil.rmtree(temporary, ignore_errors=True)
    try:
        temporary.mkdir(parents=True)
        save_weights(temporary / "student.safetensors", student.state_dict(), header)
        ema = update.average.network.state_dict()
        save_weights(temporary / "ema.safetensors", ema, header)
        save_weights(temporary / "optimizer.safetensors", update.state(), header)
        files = {f.name: _fingerprint(f) for f in sorted(temporary.iterdir())}
        for name in files:
            sync(temporary / name)
        write_json(temporary / "state.json", {**attrs.asdict(state), "files": files})
        sync(temporary)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(temporary, final)
        sync(folder)
    except OSError as error:
        shutil.rmtree(temporary, ignore_errors=True)
        need = sum(t.nbytes for t in student.state_dict().values()) * 4 / 1e6
        raise RunAborted(
            f"{final}: checkpoint not written ({error.strerror}; about {need:.0f} MB needed); "
            "earlier checkpoints are intact"
        ) from error
    return final


def prune(folder: Path, keep_last: int) -> None:
    """Remove all but the newest `keep_last` checkpoints, and what a killed save left behind."""
    for unfinished in folder.glob("step-*.tmp-*"):
        shutil.rmtree(unfinished)
    for old in steps_in(folder)[:-keep_last]:
        shutil.rmtree(old)


def steps_in(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, oldest first; temporary folders are not checkpoints."""
    found = [p for p in folder.glob("step-*") if _NAME.fullmatch(p.name) and p.is_dir()]
    return sorted(found, key=lambda p: int(p.name[5:]))


def newest_valid(folder: Path) -> tuple[Path, Sequence[str]]:
    """The newest checkpoint that is as its manifest says, and what is wrong with newer ones.

    Raises:
        UserError: there is none.
    """
    complaints: list[str] = []
    for candidate in reversed(steps_in(folder)):
        wrong = damage(candidate)
        if wrong is None:
            return candidate, complaints
        complaints.append(wrong)
    raise UserError("; ".join([f"{folder}: no valid checkpoint", *complaints]))


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint's files, or None."""
    try:
        manifest = json.loads((checkpoint / "state.json").read_text())
        files = manifest["files"]
        known = {field.name for field in attrs.fields(TrainState)} <= manifest.keys()
        if not (known and isinstance(manifest["step"], int) and isinstance(files, dict)):
            return f"{checkpoint / 'state.json'}: not a checkpoint's manifest"
        for name in ("student.safetensors", "ema.safetensors", "optimizer.safetensors"):
            if _fingerprint(checkpoint / name) != files.get(name):
                return f"{checkpoint / name}: damaged (size or SHA-256 differ from state.json)"
    except (OSError, ValueError, KeyError, TypeError) as error:
        return f"{checkpoint}: damaged ({type(error).__name__}: {error})"
    return None


def read_state(checkpoint: Path) -> TrainState:
    said = json.loads((checkpoint / "state.json").read_text())
    return TrainState(
        step=said["step"],
        pending=tuple(said["pending"]),
        seconds=said["seconds"],
        digest=said["digest"],
        time_sampler=said["time_sampler"],
    )


def restore(checkpoint: Path, student: Backbone, update: Update) -> TrainState:
    """Load student, average and optimiser from a checkpoint; returns the rest."""
    student.load_state_dict(load_weights(checkpoint / "student.safetensors"))
    update.average.network.load_state_dict(load_weights(checkpoint / "ema.safetensors"))
    update.load_state(load_weights(checkpoint / "optimizer.safetensors"))
    return read_state(checkpoint)


def _fingerprint(file: Path) -> dict[str, Any]:
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
    return {"bytes": file.stat().st_size, "sha256": digest.hexdigest()}
