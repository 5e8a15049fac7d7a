"""metrics.jsonl: what is logged of a training, a JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from secantfw.runtime.files import disk_errors_said, sync
from secantfw.runtime.json_text import parse_json
from secantfw.runtime.regular_file import appending
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.writing import replacing


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
