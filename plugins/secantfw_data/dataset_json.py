"""dataset.json: the labels of a folder or an archive, by name, as EDM and REPA write them.

    {"labels": [["00000/img00000000.png", 6], ...]}      or null, where there are none

The names are looked up and never opened: a name that leads elsewhere finds nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from secantfw import UserError

NAME = "dataset.json"
#: Bytes: the 1.28 million names of ImageNet take 60 MB.
_LARGEST = 1 << 29


def read_labels_by_name(text: bytes, place: str) -> Mapping[str, int] | None:
    """The label of each name; None where the file says that there are none.

    Raises:
        UserError: no JSON, no list of names and whole numbers, or a name twice.
    """
    try:
        said = json.loads(text)
        pairs = said["labels"] if isinstance(said, dict) else None
    except (ValueError, KeyError, RecursionError) as error:
        raise UserError(f"{place}: cannot be read as labels ({type(error).__name__})") from error
    if isinstance(said, dict) and pairs is None:
        return None
    if not isinstance(pairs, list):
        raise UserError(f"{place}: expected a list of names and labels under 'labels'")
    found: dict[str, int] = {}
    for number, pair in enumerate(pairs):
        name, label = _checked(pair, f"{place}: labels[{number}]")
        if name in found:
            raise UserError(f"{place}: labels[{number}]: {name!r:.80} is there twice")
        found[name] = label
    return found


def labels_beside(folder: Path) -> Mapping[str, int] | None:
    """The same of the dataset.json in a folder; None where there is none, too."""
    file = folder / NAME
    if not file.is_file():
        return None
    if file.stat().st_size > _LARGEST:
        raise UserError(f"{file}: has {file.stat().st_size:,} bytes, too many for labels")
    return read_labels_by_name(file.read_bytes(), str(file))


def label_of(labels: Mapping[str, int], name: str, place: str) -> int:
    """The label of one file.

    Raises:
        UserError: it has none.
    """
    if name not in labels:
        raise UserError(f"{place}: {name!r:.120} has no label in {NAME}")
    return labels[name]


def _checked(pair: Any, place: str) -> tuple[str, int]:
    if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
        raise UserError(f"{place}: {pair!r:.80}, expected a name and a label")
    name, label = pair
    if type(label) is not int or not 0 <= label < 1 << 31:
        raise UserError(f"{place}: label {label!r:.40}, expected a whole number from 0")
    return name.replace("\\", "/"), label
