"""images: a folder of pictures, or a zip file of them, cut to their central square and resized.

Shrinking averages over area (Pillow's BOX), enlarging is bicubic. Transparency is ignored, a
camera's rotation flag is followed. Pixels become x_0 = p / 127.5 - 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.dataset_json import NAME, label_of
from secantfw_data.options import ImagesOptions
from secantfw_data.picture_folder import PictureFolder
from secantfw_data.picture_zip import PictureZip
from secantfw_data.pixels import RULE, from_uint8, to_uint8

Source: TypeAlias = "PictureFolder | PictureZip"


class Images(Dataset):
    """Pictures by name, in the order of their names; each is decoded when first asked for."""

    pixels = RULE

    def __init__(self, options: ImagesOptions) -> None:
        source = held = open_pictures(Path(options.folder))
        names: dict[Split, Sequence[str]] = {"train": source.names, "test": ()}
        if options.held_out:
            held = open_pictures(Path(options.held_out))
            names["test"] = held.names
        elif options.held_out_fraction:
            names = _held_out(options, source.names)
        sources: dict[Split, Source] = {"train": source, "test": held}
        self._splits = {s: _Pictures(sources[s], names[s], options) for s in sources}
        self._labels: dict[Split, Tensor] = {}
        classes = 0
        if options.labels:
            numbers = _Classes(source, names["train"])
            self._labels = {s: numbers.labels(sources[s], names[s]) for s in sources}
            classes = numbers.count
        self.spec = DataSpec((options.channels, options.size, options.size), classes)

    def size(self, split: Split) -> int:
        return len(self._splits[split].names)

    def items(self, split: Split, index: Tensor) -> Items:
        x_0 = from_uint8(self._splits[split].read(index))
        return Items(x_0, self._labels[split][index] if self._labels else None)

    def to_uint8(self, x: Tensor) -> Tensor:
        return to_uint8(x).movedim(1, -1).cpu()


class _Pictures:
    """The decoded pictures of one split, (n, channels, size, size) uint8, filled on demand."""

    def __init__(self, source: Source, names: Sequence[str], options: ImagesOptions) -> None:
        self.names = names
        self._source, self._size, self._channels = source, options.size, options.channels
        kept = len(names) if options.cache else 0
        shape = (kept, options.channels, options.size, options.size)
        self._pixels = torch.empty(shape, dtype=torch.uint8)  # no memory until written
        self._known = torch.zeros(kept, dtype=torch.bool)

    def read(self, index: Tensor) -> Tensor:
        if not len(self._known):
            return torch.stack([self._decode(i) for i in index.tolist()])
        for i in index[~self._known[index]].tolist():
            self._pixels[i] = self._decode(i)
            self._known[i] = True
        return self._pixels[index]

    def _decode(self, i: int) -> Tensor:
        return self._source.decode(self.names[i], self._size, self._channels)


class _Classes:
    """The classes of the training pictures: dataset.json's numbers, or the folders, sorted."""

    def __init__(self, source: Source, names: Sequence[str]) -> None:
        self._position: dict[str, int] | None = None
        if source.label_by_name is not None:
            labels = [label_of(source.label_by_name, n, source.place(n)) for n in names]
            self.count = 1 + max(labels)
        else:
            folders = sorted({_class_name(source, name) for name in names})
            self._position = {name: i for i, name in enumerate(folders)}
            self.count = len(folders)

    def labels(self, source: Source, names: Sequence[str]) -> Tensor:
        """(n,) int64.

        Raises:
            UserError: a picture of no class, or of one that no training picture has.
        """
        return torch.tensor([self._label(source, name) for name in names], dtype=torch.int64)

    def _label(self, source: Source, name: str) -> int:
        if self._position is not None:
            class_ = _class_name(source, name)
            if class_ not in self._position:
                raise UserError(f"{source.place(name)}: class {class_!r} has no training picture")
            return self._position[class_]
        label = label_of(source.label_by_name or {}, name, source.place(name))
        if label >= self.count:
            raise UserError(f"{source.place(name)}: class {label} has no training picture")
        return label


def open_pictures(path: Path) -> Source:
    """The pictures of a folder, or of a zip file.

    Raises:
        UserError: there is none, or the archive is damaged.
    """
    zipped = path.suffix.lower() == ".zip" and path.is_file()
    return PictureZip(path) if zipped else PictureFolder(path)


def _held_out(options: ImagesOptions, names: Sequence[str]) -> dict[Split, Sequence[str]]:
    """By a hash of the name, so that a picture stays in its split when others are added."""
    train, test = list[str](), list[str]()
    for name in names:
        digest = hashlib.sha256(name.encode()).digest()
        held = int.from_bytes(digest[:8], "big") < options.held_out_fraction * 2**64
        (test if held else train).append(name)
    if not train:
        fraction = options.held_out_fraction
        raise UserError(
            f"{options.folder}: held_out_fraction = {fraction} leaves no training picture"
        )
    return {"train": train, "test": test}


def _class_name(source: Source, name: str) -> str:
    folder, _, rest = name.partition("/")
    if not rest:
        raise UserError(
            f"{source.place(name)}: not in a class folder, nor in {NAME}, but labels = true"
        )
    return folder
