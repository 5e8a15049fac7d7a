"""events.jsonl: what happened to a run beside its steps, one JSON object a line, never cut.

Resumes with what had changed, checkpoints that could not be written, skipped steps, loss spikes.
"""

from __future__ import annotations

import contextlib
import json
import os
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from secantfw.runtime.files import finite
from secantfw.runtime.regular_file import NotRegular, appending


class EventLog:
    """Appends; the log is never a reason to stop, so that a full disk loses a line of it only."""

    def __init__(self, directory: Path) -> None:
        self.file = directory / "events.jsonl"

    def add(self, event: str, step: int, **facts: Any) -> None:
        """Append `event` at `step` (steps done, from 1) with what else there is to say."""
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        said = finite({"event": event, "step": step, "time": now, **facts})
        line = json.dumps(said, allow_nan=False) + "\n"
        with contextlib.suppress(OSError, NotRegular), appending(self.file) as stream:
            stream.write(("\n" + line if _cut_short(stream) else line).encode())


def _cut_short(stream: Any) -> bool:
    """Whether a crash left the last line without its end."""
    if stream.seek(0, os.SEEK_END) == 0:
        return False
    stream.seek(-1, os.SEEK_END)
    return bool(stream.read(1) != b"\n")
