"""What observers are told of a run: which it is, and how it ended."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import attrs

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
