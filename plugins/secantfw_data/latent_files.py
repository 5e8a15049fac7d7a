"""The files of a folder of latents, in order, and where their labels and mirrored latents are.

    FOLDER/7.npy                       shards, or a file for each latent, in the folder itself
    FOLDER/00000/img-mean-std-00000000.npy, FOLDER/dataset.json      REPA's and EDM's, in folders

A folder NAME_features has its labels in NAME_labels beside it, unless `labels` names another.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from secantfw import UserError
from secantfw_data.dataset_json import NAME, labels_beside
from secantfw_data.options import LatentsOptions
from secantfw_data.stored_array import SUFFIXES

_FEATURES, _LABELS = "_features", "_labels"


@attrs.frozen(eq=False)
class LatentFiles:
    """`names` below `root`; labels in files of the same names below `labels`, or by name."""

    root: Path
    names: tuple[str, ...]
    labels: Path | None
    flipped: Path | None
    label_by_name: Mapping[str, int] | None

    def beside(self, name: str, other: Path) -> Path:
        """The file of the same name in another folder (or that itself, if it is a file).

        Raises:
            UserError: there is none.
        """
        found = other if other.is_file() else other / name
        if not found.is_file():
            raise UserError(f"{found}: no such file, and {name} is a shard of latents")
        return found


def find_files(options: LatentsOptions) -> LatentFiles:
    """Every file of latents, in the natural order of the names (2 before 10).

    Raises:
        UserError: there is none, or a dataset.json that is none.
    """
    folder = Path(options.folder)
    flipped = None if options.flipped is None else Path(options.flipped)
    if folder.is_file():
        names, root = [folder.name], folder.parent
    else:
        names, root = _names(folder), folder
    if not names:
        raise UserError(f"{folder}: no shards of latents in it ({', '.join(SUFFIXES)})")
    by_name = None if folder.is_file() or options.labels else labels_beside(folder)
    return LatentFiles(root, tuple(names), _labels(options), flipped, by_name)


def _names(folder: Path) -> list[str]:
    """Those in the folder itself; where there are none, and beside a dataset.json, all below."""
    found = [file.name for file in files_of(folder) if _is_array(file.name)]
    if not found or (folder / NAME).is_file():
        found = list(_below(folder))
    return sorted(found, key=natural)


def _below(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        prefix = Path(where).relative_to(folder).as_posix()
        prefix = "" if prefix == "." else f"{prefix}/"
        yield from (f"{prefix}{name}" for name in files if _is_array(name))


def _is_array(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES and not name.startswith(".")


def files_of(folder: Path) -> list[Path]:
    return [folder] if folder.is_file() else [f for f in folder.iterdir() if f.is_file()]


def natural(name: str) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _labels(options: LatentsOptions) -> Path | None:
    if options.labels is not None:
        return Path(options.labels)
    folder = Path(options.folder)
    beside = folder.with_name(folder.name.removesuffix(_FEATURES) + _LABELS)
    return beside if folder.name.endswith(_FEATURES) and beside.is_dir() else None
