"""The run directory `runs/NAME/STAMP-HASH/`, and what is known of the run that fills it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

import attrs

from secantfw.errors import UserError, printable
from secantfw.runtime.find_runs import runs_below
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import appending
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.writing import replacing
from secantfw.training.files import disk_errors_said, sync, write_json, write_text

#: Names that a hint is worth: a folder of some thousand runs, and no disk.
_LOOKED_AT = 20_000

Status = Literal["finished", "interrupted", "terminated", "failed"]


@attrs.frozen
class Outcome:
    """How a run ended; written last, as outcome.json."""

    status: Status
    step: int
    steps: int
    seconds: float
    message: str = ""
    detached: tuple[str, ...] = ()  # observers that raised, and why
    peak_memory_bytes: int = 0  # of the device, or of this process on a CPU


@attrs.frozen
class RunInfo:
    """What observers are told of a run."""

    directory: Path
    title: str
    steps: int
    resumed_at: int
    device: str


def create(
    root: Path,
    name: str,
    digest: str,
    files: Sequence[Path],
    resolved: str,
    seed: int,
    device: str,
) -> Path:
    """Make the run directory with experiment/, resolved.toml and environment.json in it.

    Raises:
        UserError: a place that cannot be written.
    """
    stamp = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H-%M-%SZ")
    try:
        directory = _fresh(root / name, f"{stamp}-{digest[:6]}")
        for part in ("experiment", "checkpoints", "samples"):
            (directory / part).mkdir()
        for number, file in enumerate(files):
            shutil.copyfile(file, directory / "experiment" / f"{number}-{file.name}")
        write_text(directory / "resolved.toml", resolved)
        write_json(directory / "environment.json", environment(seed, device))
    except OSError as error:
        place = error.filename or root
        raise UserError(f"{place}: cannot be written ({error.strerror})") from error
    return directory


def _fresh(parent: Path, name: str) -> Path:
    """A new folder `parent/name`, with a number behind it if two runs start in one second."""
    parent.mkdir(parents=True, exist_ok=True)
    for number in range(1000):
        directory = parent / (name if number == 0 else f"{name}-{number}")
        try:
            directory.mkdir()
        except FileExistsError:
            continue
        return directory
    raise UserError(f"{parent / name}: a thousand runs of this second exist")


def open_run(directory: Path) -> Path:
    """An existing run directory, with nothing but files and folders under the names of its own.

    Raises:
        UserError: not one; the run that it is in or the newest below it is named, where there is.
            A link, a FIFO or a device in it.
    """
    if not _is_run(directory):
        said = printable(directory)
        raise UserError(f"{said}: not a run directory (no resolved.toml); {_hint(directory)}")
    RunFolder(directory).check()
    return directory.resolve()


def resolved_of(said: str) -> Path | None:
    """The resolved experiment of the run that `said` names, or that it is; None for another file.

    Raises:
        UserError: a folder that is no run directory, or one with links or devices in it.
    """
    place = Path(said)
    if place.name == "resolved.toml" and _is_run(place.parent):
        return open_run(place.parent) / place.name
    if not os.path.isdir(said):
        return None
    return open_run(place) / "resolved.toml"


def _is_run(place: Path) -> bool:
    try:
        return os.path.lexists(place / "resolved.toml")
    except (OSError, ValueError):  # a name too long, a NUL in it
        return False


def _hint(directory: Path) -> str:
    """Which run was meant, or how to get one."""
    outer = next((place for place in directory.parents if _is_run(place)), None)
    meant = outer or _newest_below(directory)
    if meant is not None:
        return f"did you mean {printable(meant)}?"
    if directory.suffix == ".toml":
        return f"make one with: secantfw run {directory}"
    return "expected what `secantfw run` printed as run directory, such as runs/NAME/DATE"


def _newest_below(directory: Path) -> Path | None:
    """The run of the latest date, if it does not take a search of the disk to find it."""
    try:
        return max(runs_below(directory, _LOOKED_AT), key=lambda run: run.name, default=None)
    except UserError:
        return None


def environment(seed: int, device: str) -> Mapping[str, Any]:
    """What a number may depend on: versions, device, threads, code, plug-ins."""
    import torch

    import secantfw

    entries = importlib.metadata.entry_points(group="secantfw")
    return {
        "secantfw": secantfw.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "device": device,
        "device_name": torch.cuda.get_device_name() if device == "cuda" else platform.processor(),
        "threads": torch.get_num_threads(),
        "platform": platform.platform(),
        "git_commit": _git_commit(),
        "argv": sys.argv,
        "seed": seed,
        "plugins": [
            {"name": e.name, "distribution": f"{e.dist.name} {e.dist.version}" if e.dist else ""}
            for e in sorted(entries, key=lambda e: e.name)
        ],
    }


def _git_commit() -> str | None:
    """The commit of the source tree secantfw runs from, `-dirty` with local changes; else None."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip() or None


class MetricsLog:
    """metrics.jsonl: one JSON object a line, appended; on resume lines past the checkpoint go.

    Raises:
        RunAborted: it cannot be written.
    """

    def __init__(self, file: Path, resumed_at: int) -> None:
        self.file = file
        lines = RunFolder(file.parent).lines(file.name)
        kept = (line.rstrip(b"\n") + b"\n" for line in lines if _step(line) <= resumed_at)
        with (
            disk_errors_said(file),
            replacing(file) as temporary,
            temporary.open("x", encoding="utf-8") as stream,
        ):
            stream.writelines(line.decode("utf-8", "replace") for line in kept)

    def append(self, record: Mapping[str, float]) -> None:
        with disk_errors_said(self.file), appending(self.file) as stream:
            stream.write((json.dumps(record) + "\n").encode())

    def sync(self) -> None:
        """Flush to disk: a checkpoint must not outlive the lines before it."""
        with disk_errors_said(self.file):
            sync(self.file)


def _step(line: bytes) -> float:
    """The step of a line; infinity for a line cut short by a crash, so that it is dropped."""
    try:
        return float(parse_json(line, nan=True)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
