"""An evaluation becomes visible whole: its numbers and its pictures by one rename.

It is prepared in a folder; that the folder is renamed to `.evaluation/finished` is the moment.
From then on whoever reads the run reads there what has not been moved to where it belongs.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from secantfw.runtime.regular_file import is_folder, is_regular
from secantfw.runtime.writing import remove, sync

FOLDER = ".evaluation"
NUMBERS, PICTURES = "evaluation.json", "samples"
FINISHED = "finished"
#: Where the pictures before go, so that no name is empty for longer than between two renames.
REPLACED = "replaced"


def numbers_folder(run: Path) -> Path:
    """The folder in which the run's evaluation.json is."""
    finished = run / FOLDER / FINISHED
    return finished if is_folder(finished) and is_regular(finished / NUMBERS) else run


def pictures_folder(run: Path) -> Path:
    """The folder of the run's pictures, those of its evaluation.json."""
    finished = run / FOLDER / FINISHED
    return (finished if is_folder(finished / PICTURES) and is_folder(finished) else run) / PICTURES


def publish(run: Path, prepared: Path) -> None:
    """Make `prepared`, a folder in `.evaluation` with evaluation.json and samples/, the run's.

    Raises:
        OSError: it cannot be done; the evaluation before it stays, or this one is whole.
    """
    for place in (prepared / PICTURES, prepared):
        sync(place)
    finished = run / FOLDER / FINISHED
    remove(finished)
    os.rename(prepared, finished)
    sync(run / FOLDER)
    settle(run)


def settle(run: Path) -> None:
    """Move what was published, and not moved since its process was killed, to where it belongs.

    For who holds the run's lock.

    Raises:
        OSError: it cannot be moved; readers go on finding it where it is.
    """
    finished, replaced = run / FOLDER / FINISHED, run / FOLDER / REPLACED
    if not (is_folder(run / FOLDER) and is_folder(finished)):
        return
    if is_folder(finished / PICTURES):
        remove(replaced)
        if os.path.lexists(run / PICTURES):
            os.rename(run / PICTURES, replaced)
        os.rename(finished / PICTURES, run / PICTURES)
    if is_regular(finished / NUMBERS):
        os.replace(finished / NUMBERS, run / NUMBERS)
    sync(run)
    remove(replaced)
    remove(finished)
    with contextlib.suppress(OSError):  # rows of an evaluation with other settings may be there
        (run / FOLDER).rmdir()
