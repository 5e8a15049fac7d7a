"""Rows that an evaluation has finished, kept on disk until all are: a killed one goes on there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from secantfw.training.files import write_json

FOLDER = ".evaluation"


class KeptRows:
    """The folder `.evaluation/KEY` of a run: `rows/NAME.json`, `samples/*.png`, what rows share.

    `key` is a hash of all that a row depends on. What another key has left is thrown away; one's
    own folder never is, so that several processes may open it at once.
    """

    def __init__(self, run: Path, key: str) -> None:
        self._parent = run / FOLDER
        self.folder = self._parent / key
        for other in self._parent.glob("*"):
            if other != self.folder:
                shutil.rmtree(other, ignore_errors=True)
        self.samples, self._rows = self.folder / "samples", self.folder / "rows"
        self.samples.mkdir(parents=True, exist_ok=True)
        self._rows.mkdir(exist_ok=True)

    def get(self, name: str) -> dict[str, Any] | None:
        """The row, if it is finished."""
        try:
            found = json.loads((self._rows / f"{name}.json").read_text())
        except (OSError, ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    def put(self, name: str, row: dict[str, Any]) -> None:
        """Keep a row, whole or not at all.

        Raises:
            OSError: it cannot be written.
        """
        write_json(self._rows / f"{name}.json", row)

    def remove(self) -> None:
        shutil.rmtree(self._parent, ignore_errors=True)
