"""Room for checkpoints, looked at before a run begins."""

from __future__ import annotations

import shutil
from pathlib import Path

from torch import nn

from secantfw.errors import UserError
from secantfw.experiment.schema import Train
from secantfw.training.checkpoint import checkpoint_bytes, size_text


def disk_line(place: Path, student: nn.Module, train: Train) -> str:
    """What checkpoints will take and what is free, for the plan.

    Raises:
        UserError: no room for two, which is what one save needs beside the last valid one.
    """
    one, kept = checkpoint_bytes(student), kept_checkpoints(train)
    try:
        free = shutil.disk_usage(_existing(place)).free
    except OSError as error:
        raise UserError(f"{place}: cannot be looked at ({error.strerror})") from error
    if free < 2 * one:
        raise UserError(
            f"{place}: {size_text(free)} free; a checkpoint takes {size_text(one)}, and two must "
            "fit, the last one and the next"
        )
    noun = "checkpoint" if kept == 1 else "checkpoints"
    short = "" if free > (kept + 1) * one else ": not enough for all of them"
    return f"{kept} {noun} of {size_text(one)}, {size_text(free)} free{short}"


def kept_checkpoints(train: Train) -> int:
    """How many there are in the end."""
    kept = min(train.keep_last, -(-train.steps // train.save_every_steps))
    return kept if train.keep_every is None else kept + train.steps // train.keep_every


def _existing(place: Path) -> Path:
    """The nearest folder above `place` that is there already."""
    place = place.absolute()
    return next(p for p in (place, *place.parents) if p.exists())
