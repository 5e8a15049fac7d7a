"""What the files that an experiment names hold, wherever they are.

    sha256:9f3a...   of a file's bytes; of a folder, of its files' names and bytes
    items:51c0...    of the data set: its shape, its sizes, and some of its items

The items of a data set say what its files hold: they are the same in a folder of shards and in one
file, and a few of them are read in no time where all the bytes take an hour.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import torch

from secantfw.experiment.experiment import Experiment
from secantfw.experiment.locations import Location, locations
from secantfw.interfaces.dataset import Dataset

_DIGITS = 16  # of the SHA-256
_ITEMS = 64  # of each split, evenly spread
_ITEMS_ARE = "items:"


@attrs.frozen
class Input:
    """A location as a checkpoint keeps it."""

    place: str
    content: str

    @property
    def is_items(self) -> bool:
        """Whether it is told by the items of the data set, which its options change too."""
        return self.content.startswith(_ITEMS_ARE)

    def __str__(self) -> str:
        return f"{self.place} ({self.content})"


def inputs_of(experiment: Experiment, dataset: Dataset) -> dict[str, Input]:
    """The content of every file that is there, by the option that names it.

    Raises:
        UserError: items that cannot be read.
    """
    return {
        one.name: Input(", ".join(one.places), content_of(one, dataset))
        for one in locations(experiment)
        if all(Path(place).exists() for place in one.places)
    }


def content_of(location: Location, dataset: Dataset) -> str:
    """What one location holds; `dataset` is the one that was built with it."""
    if location.is_data:
        return items_content(dataset)
    return files_content(map(Path, location.places))


def files_content(places: Iterator[Path]) -> str:
    """By the bytes, in the order of the places; within a folder by the files' names."""
    digest = hashlib.sha256()
    for place in places:
        for name, file in _files_of(place):
            digest.update(name.encode())
            with file.open("rb") as stream:
                while piece := stream.read(1 << 20):
                    digest.update(piece)
    return f"sha256:{digest.hexdigest()[:_DIGITS]}"


def _files_of(place: Path) -> Iterator[tuple[str, Path]]:
    """The files below a folder with their names there; a file has no name of interest."""
    if place.is_file():
        yield "", place
        return
    for file in sorted(place.rglob("*")):
        if file.is_file():
            yield f"\0{file.relative_to(place).as_posix()}\0", file


def items_content(dataset: Dataset) -> str:
    """By the shape, the sizes, and up to 64 items of each split with their labels."""
    spec = dataset.spec
    digest = hashlib.sha256(f"{spec.shape} {spec.num_classes}".encode())
    for split in ("train", "test"):
        size = dataset.size(split)
        digest.update(f" {split} {size}".encode())
        if size:
            few = min(size, _ITEMS)
            items = dataset.items(split, torch.arange(few) * size // few)
            digest.update(items.x_0.contiguous().numpy().tobytes())
            if items.label is not None:
                digest.update(items.label.contiguous().numpy().tobytes())
    return f"{_ITEMS_ARE}{digest.hexdigest()[:_DIGITS]}"


def read_inputs(said: Mapping[str, Mapping[str, str]]) -> dict[str, Input]:
    """As they stand in a checkpoint's state.json."""
    return {name: Input(one["place"], one["content"]) for name, one in said.items()}
