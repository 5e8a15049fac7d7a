"""Rows that an evaluation has finished, kept on disk until all are: a killed one goes on there."""

from __future__ import annotations

import os
import re
from pathlib import Path

from secantfw.errors import UserError, printable
from secantfw.evaluation.evaluation import Evaluation
from secantfw.evaluation.evaluation_file import evaluation_json, read_row, row_json
from secantfw.evaluation.measured_row import Row
from secantfw.evaluation.publish import FOLDER, NUMBERS, PICTURES
from secantfw.runtime.files import write_json
from secantfw.runtime.regular_file import is_folder, is_regular
from secantfw.runtime.run_folder import RunFolder
from secantfw.runtime.writing import remove, remove_abandoned

#: What is ever made in the folder, and so may be removed from it.
_OWN = re.compile(r"[0-9a-f]{16}")
_PICTURES = "pictures"  # of a row: the names of its files


class KeptRows:
    """The folder `.evaluation/KEY` of a run: `rows/NAME.json`, `samples/*.png`, what rows share.

    `key` is a hash of all that a row depends on. What another key has left is thrown away; one's
    own folder never is, so that several processes may open it at once.

    Raises:
        UserError: a link or a file is in the way.
        OSError: it cannot be made.
    """

    def __init__(self, run: Path, key: str) -> None:
        self._parent = run / FOLDER
        self.folder = self._parent / key
        self.samples, self._rows = self.folder / PICTURES, self.folder / "rows"
        for place in (self._parent, self.folder, self.samples, self._rows):
            _make(place)
        self._throw_away(but=key)

    def get(self, name: str) -> Row | None:
        """The row, if it is finished and its pictures are there."""
        found = RunFolder(self.folder).json_or_none(f"rows/{name}.json")
        if found is None:
            return None
        pictures = found.pop(_PICTURES, [])
        there = isinstance(pictures, list) and all(
            isinstance(one, str) and is_regular(self.samples / Path(one).name) for one in pictures
        )
        return read_row(found) if there else None

    def put(self, name: str, row: Row, pictures: list[str]) -> None:
        """Keep a row, whole or not at all, once its pictures are there.

        Raises:
            OSError: it cannot be written.
        """
        write_json(self._rows / f"{name}.json", {**row_json(row), _PICTURES: pictures})

    def complete(self, evaluation: Evaluation) -> Path:
        """The folder, as `publish` takes it: the evaluation and its pictures alone.

        Raises:
            OSError: it cannot be written.
        """
        remove_abandoned(self.samples)
        write_json(self.folder / NUMBERS, evaluation_json(evaluation))
        return self.folder

    def _throw_away(self, but: str) -> None:
        for entry in os.scandir(self._parent):
            if entry.name != but and _OWN.fullmatch(entry.name):
                remove(Path(entry.path))


def _make(place: Path) -> None:
    place.mkdir(exist_ok=True)
    if not is_folder(place):
        raise UserError(f"{printable(place)}: a link, expected a folder; move it away")
