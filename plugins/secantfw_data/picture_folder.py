"""A folder of pictures, with or without the dataset.json that EDM's dataset_tool writes."""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from secantfw import UserError
from secantfw_data.dataset_json import labels_beside
from secantfw_data.picture_file import read_square

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm")


class PictureFolder:
    """`names` are those of every picture below `folder`, sorted; hidden files are left out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.names = _names(folder)
        self.label_by_name = labels_beside(folder)

    def place(self, name: str) -> str:
        """A picture as messages name it."""
        return str(self._folder / name)

    def decode(self, name: str, size: int, channels: int) -> Tensor:
        """(channels, size, size) uint8, as `read_square`."""
        return read_square(self._folder / name, size, channels)


def _names(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder of pictures, or zip file of them")
    files = [f for f in folder.rglob("*") if f.suffix.lower() in SUFFIXES and f.is_file()]
    paths = [f.relative_to(folder) for f in sorted(files)]
    shown = [p.as_posix() for p in paths if not any(part.startswith(".") for part in p.parts)]
    if not shown:
        raise UserError(f"{folder}: no pictures in it ({' '.join(SUFFIXES)})")
    return shown
