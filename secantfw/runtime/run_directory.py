"""The run directory `runs/NAME/STAMP-HASH/`, made and found again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from secantfw.errors import UserError, printable
from secantfw.runtime.environment import environment
from secantfw.runtime.files import write_json, write_text
from secantfw.runtime.find_runs import runs_below
from secantfw.runtime.run_folder import RunFolder

#: Names that a hint is worth: a folder of some thousand runs, and no disk.
_LOOKED_AT = 20_000


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
