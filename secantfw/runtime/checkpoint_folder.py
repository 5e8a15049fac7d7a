"""The folder of checkpoints: which there are, which are valid, which are kept.

The newest valid one is found by scanning; there is no pointer that could be wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from secantfw.errors import UserError, printable
from secantfw.runtime.files import sync
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import is_folder
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.writing import remove

MANIFEST = "state.json"
FILES = (
    "student.safetensors",
    "ema.safetensors",
    "optimizer.safetensors",
    "generators.safetensors",
)
#: What state.json holds beside the fingerprints of the files, and of which type.
MANIFEST_TYPES: dict[str, type | tuple[type, ...]] = {
    "step": int,
    "pending": list,
    "seconds": (int, float),
    "digest": str,
    "experiment": dict,
    "versions": dict,
    "skipped_in_a_row": int,
    "time_sampler": dict,
}

T = TypeVar("T")
#: At what is pruned while it is read.
_LOOKS = 20
_NAME = re.compile(r"step-(\d{6,18})")
_UNFINISHED = re.compile(r"step-\d{6,18}\.tmp-\d+")
_INNER_NAME = re.compile(r"(?:[a-z]+/)?[A-Za-z0-9_][A-Za-z0-9._-]*")  # `ema/3-of-4.safetensors`


def name_of(step: int) -> str:
    return f"step-{step:06d}"


def temporary_of(checkpoint: Path) -> Path:
    """The name under which it is filled, or removed: none that a checkpoint may have."""
    return checkpoint.with_name(f"{checkpoint.name}.tmp-{os.getpid()}")


def step_of(checkpoint: Path) -> int:
    """The step that a checkpoint's name says; -1 for what is not called like one."""
    named = _NAME.fullmatch(checkpoint.name)
    return int(named[1]) if named else -1


def steps_in(folder: Path) -> list[Path]:
    """The checkpoints in `folder`, oldest first; temporary folders are not checkpoints."""
    if not is_folder(folder):
        return []
    return sorted(
        (p for p in folder.glob("step-*") if step_of(p) >= 0 and is_folder(p)), key=step_of
    )


def newest_valid(folder: Path) -> tuple[Path, Sequence[str]]:
    """The newest checkpoint that is as its manifest says, and what is wrong with newer ones.

    Raises:
        UserError: there is none.
    """
    complaints: list[str] = []
    for _ in range(_LOOKS):
        complaints.clear()
        for candidate in reversed(steps_in(folder)):
            wrong = damage(candidate)
            if wrong is None:
                return candidate, complaints
            if not is_folder(candidate):
                break  # pruned while it was read, so that there is a newer one: look again
            complaints.append(wrong)
        else:
            break
    raise UserError("; ".join([f"{folder}: no valid checkpoint", *complaints]))


def read_newest(folder: Path, read: Callable[[Path], T]) -> tuple[T, Path, Sequence[str]]:
    """What `read` makes of the newest valid checkpoint; then it, and what is wrong with newer.

    A run that is training may prune it meanwhile: then the next one is read.

    Raises:
        UserError: there is none, or `read` refuses it.
    """
    for _ in range(_LOOKS):
        found, complaints = newest_valid(folder)
        try:
            return read(found), found, complaints
        except (OSError, UserError):
            if is_folder(found):
                raise
    raise UserError(f"{folder}: checkpoints are pruned faster than they can be read")


def damage(checkpoint: Path) -> str | None:
    """What is wrong with a checkpoint's files, or None."""
    try:
        manifest = parse_json(RunFolder(checkpoint).read(MANIFEST) or b"")
        wrong = _wrong_key(manifest, step_of(checkpoint))
        if wrong is not None:
            return f"{checkpoint / MANIFEST}: not a checkpoint's manifest ({wrong})"
        files = manifest["files"]
        for name in required(files):
            if fingerprint(checkpoint, name) != files.get(name):
                return f"{checkpoint / name}: damaged (size or SHA-256 differ from {MANIFEST})"
    except (OSError, ValueError, UserError) as error:
        return f"{checkpoint}: damaged ({type(error).__name__}: {printable(error)})"
    return None


def required(files: Mapping[str, Any]) -> list[str]:
    """What a checkpoint must have: FILES, or the shards that it names in their stead."""
    shards = [name for name in files if "/" in name]
    folders = {name.partition("/")[0] for name in shards}
    return [name for name in FILES if name.partition(".")[0] not in folders] + shards


def _wrong_key(manifest: Any, step: int) -> str | None:
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        return "it names no files"
    for key, kind in MANIFEST_TYPES.items():
        value = manifest.get(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            return f"{key} is missing or of another type"
    if not all(isinstance(record, dict) for record in manifest["pending"]):
        return "pending is no list of records"
    if manifest.get("manifest_sha256") != manifest_digest(manifest):
        return "its content differs from its SHA-256"
    return None if manifest["step"] == step else f"it is that of step {manifest['step']}"


def manifest_digest(manifest: dict[str, Any]) -> str:
    """The SHA-256 of a manifest's content, without the key that says it."""
    said = {key: value for key, value in manifest.items() if key != "manifest_sha256"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def fingerprint(checkpoint: Path, name: str) -> dict[str, Any]:
    """Size and SHA-256 of a regular file.

    Raises:
        OSError: it cannot be read.
        UserError: it, or a folder on the way to it, is a link, a pipe or a device.
    """
    if not _INNER_NAME.fullmatch(name):
        raise UserError(f"{name!r} is no name of a file in a checkpoint")
    digest, size = hashlib.sha256(), 0
    with RunFolder(checkpoint).open(name) as stream:
        while piece := stream.read(1 << 20):
            digest.update(piece)
            size += len(piece)
    return {"bytes": size, "sha256": digest.hexdigest()}


def prune(folder: Path, keep_last: int, keep_every: int | None = None) -> None:
    """Remove what a killed save left behind, and all checkpoints but the newest `keep_last` and,
    where `keep_every` is given, those whose step is a multiple of it.
    """
    for unfinished in folder.glob("step-*.tmp-*"):
        if _UNFINISHED.fullmatch(unfinished.name):
            remove(unfinished)
    for old in steps_in(folder)[:-keep_last]:
        if keep_every is None or step_of(old) % keep_every:
            _remove(old)


def _remove(checkpoint: Path) -> None:
    """First by name, so that a kill within leaves no half of one under a checkpoint's name."""
    condemned = temporary_of(checkpoint)
    os.rename(checkpoint, condemned)
    shutil.rmtree(condemned)


def set_aside(folder: Path, chosen: Path) -> list[tuple[str, str]]:
    """Rename the checkpoints newer than `chosen`, which a run that goes on from there will write
    anew: damaged ones to `step-N.damaged`, others to `step-N.superseded`; (old, new) names.
    """
    moved = []
    for newer in steps_in(folder):
        if step_of(newer) <= step_of(chosen):
            continue
        aside = newer.with_name(
            f"{newer.name}.{'superseded' if damage(newer) is None else 'damaged'}"
        )
        remove(aside)
        os.rename(newer, aside)
        moved.append((newer.name, aside.name))
    if moved:
        sync(folder)
    return moved
