"""images: a folder of pictures, cut to their central square and resized.

Shrinking averages over area (Pillow's BOX), enlarging is bicubic. Transparency is ignored, a
camera's rotation flag is followed. Pixels become x_0 = p / 127.5 - 1.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.options import ImagesOptions
from secantfw_data.picture_file import read_square
from secantfw_data.pixels import RULE, from_uint8, to_uint8

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")


class Images(Dataset):
    """Pictures by file, in the order of their names; each is decoded when first asked for."""

    pixels = RULE

    def __init__(self, options: ImagesOptions) -> None:
        self._options = options
        folder = Path(options.folder)
        files = {"train": find_pictures(folder), "test": list[Path]()}
        if options.held_out:
            files["test"] = find_pictures(Path(options.held_out))
        elif options.held_out_fraction:
            files = _held_out(folder, files["train"], options.held_out_fraction)
        self._splits = {name: _Pictures(list_, options) for name, list_ in files.items()}
        classes = _classes(folder, files["train"]) if options.labels else []
        self.spec = DataSpec((options.channels, options.size, options.size), len(classes))
        self._labels: dict[str, Tensor] = {}
        if options.labels:
            roots = {"train": folder, "test": Path(options.held_out or options.folder)}
            self._labels = {s: _labels(roots[s], files[s], classes) for s in files}

    def size(self, split: Split) -> int:
        return len(self._splits[split].files)

    def items(self, split: Split, index: Tensor) -> Items:
        x_0 = from_uint8(self._splits[split].read(index))
        return Items(x_0, self._labels[split][index] if self._labels else None)

    def to_uint8(self, x: Tensor) -> Tensor:
        return to_uint8(x).movedim(1, -1).cpu()


class _Pictures:
    """The decoded pictures of one split, (n, channels, size, size) uint8, filled on demand."""

    def __init__(self, files: Sequence[Path], options: ImagesOptions) -> None:
        self.files = files
        self._size, self._channels = options.size, options.channels
        kept = len(files) if options.cache else 0
        shape = (kept, options.channels, options.size, options.size)
        self._pixels = torch.empty(shape, dtype=torch.uint8)  # no memory until written
        self._known = torch.zeros(kept, dtype=torch.bool)

    def read(self, index: Tensor) -> Tensor:
        if not len(self._known):
            none = self._pixels[:0]
            return torch.cat([none, *(self._decode(i)[None] for i in index.tolist())])
        for i in index[~self._known[index]].tolist():
            self._pixels[i] = self._decode(i)
            self._known[i] = True
        return self._pixels[index]

    def _decode(self, i: int) -> Tensor:
        return read_square(self.files[i], self._size, self._channels)


def find_pictures(folder: Path) -> list[Path]:
    """Every picture below `folder`, sorted; hidden files are left out.

    Raises:
        UserError: no such folder, or no picture in it.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of pictures")
    found = [f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file()]
    shown = [f for f in found if not any(p.startswith(".") for p in f.relative_to(folder).parts)]
    if not shown:
        raise UserError(f"{folder}: no pictures in it ({' '.join(SUFFIXES)})")
    return sorted(shown)


def _held_out(folder: Path, files: Sequence[Path], fraction: float) -> dict[str, list[Path]]:
    """By a hash of the name, so that a picture stays in its split when others are added."""
    splits: dict[str, list[Path]] = {"train": [], "test": []}
    for file in files:
        digest = hashlib.sha256(file.relative_to(folder).as_posix().encode()).digest()
        held = int.from_bytes(digest[:8], "big") < fraction * 2**64
        splits["test" if held else "train"].append(file)
    if not splits["train"]:
        raise UserError(f"{folder}: held_out_fraction = {fraction} leaves no training picture")
    return splits


def _class_name(folder: Path, file: Path) -> str:
    parts = file.relative_to(folder).parts
    if len(parts) < 2:
        raise UserError(f"{file}: not in a class folder, but labels = true")
    return parts[0]


def _classes(folder: Path, files: Sequence[Path]) -> list[str]:
    return sorted({_class_name(folder, f) for f in files})


def _labels(folder: Path, files: Sequence[Path], classes: Sequence[str]) -> Tensor:
    position = {name: i for i, name in enumerate(classes)}
    for file in files:
        if _class_name(folder, file) not in position:
            raise UserError(f"{file}: class {_class_name(folder, file)!r} has no training picture")
    return torch.tensor([position[_class_name(folder, f)] for f in files], dtype=torch.int64)
