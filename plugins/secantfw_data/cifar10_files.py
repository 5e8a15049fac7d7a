"""The two official forms of CIFAR-10 on disk, EDM's, and the download.

`cifar-10-batches-bin`: records of 1 + 3072 bytes, a label and the red, green and blue planes. Read
here, byte by byte as they stand, so files of one's own are as safe as the official ones.

`cifar-10-batches-py`: pickles, which can run anything when they are opened. Left to torchvision,
which opens the official ones alone, by their MD5 sums; it is also what downloads them.

`cifar10-32x32.zip`, as EDM's dataset_tool writes it: the training pictures as PNGs, and no others.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import numpy as np
import torch
from torch import Tensor

from secantfw import Split, UserError
from secantfw_data.dataset_json import label_of
from secantfw_data.options import Cifar10Options
from secantfw_data.picture_zip import PictureZip

if TYPE_CHECKING:
    from torchvision.datasets import CIFAR10

SITE = "https://www.cs.toronto.edu/~kriz/"
BINARY, PICKLED = "cifar-10-batches-bin", "cifar-10-batches-py"
CLASSES, SHAPE = 10, (3, 32, 32)
_RECORD = 1 + 3 * 32 * 32
_FILES: dict[Split, tuple[str, ...]] = {
    "train": tuple(f"data_batch_{n}.bin" for n in range(1, 6)),
    "test": ("test_batch.bin",),
}


@attrs.frozen(eq=False)
class Pictures:
    """Pixels (n, 3, 32, 32) uint8 and labels (n,) int64 of one split."""

    pixels: Tensor
    label: Tensor


_NONE = Pictures(torch.empty((0, *SHAPE), dtype=torch.uint8), torch.empty(0, dtype=torch.int64))


def is_there(folder: Path) -> bool:
    return _is_zip(folder) or (folder / BINARY).is_dir() or (folder / PICKLED).is_dir()


def read_split(folder: Path, split: Split, options: Cifar10Options) -> Pictures:
    """One split; the binary form where both are there.

    Raises:
        UserError: no files, damaged or strange ones, or no network to get them by.
    """
    if _is_zip(folder):
        return _read_zip(folder, options.labels) if split == "train" else _NONE
    if (folder / BINARY).is_dir():
        parts = [_read_binary(folder / BINARY / name) for name in _FILES[split]]
        both = (torch.cat(p) for p in zip(*((x.pixels, x.label) for x in parts), strict=True))
        return Pictures(*both)
    return _pictures((_downloaded if options.download else _official)(folder, split))


def _is_zip(folder: Path) -> bool:
    return folder.suffix.lower() == ".zip" and folder.is_file()


def _read_zip(file: Path, labels: bool) -> Pictures:
    archive = PictureZip(file)
    pixels = torch.empty((len(archive.names), *SHAPE), dtype=torch.uint8)
    for n, name in enumerate(archive.names):
        pixels[n] = archive.decode(name, SHAPE[1], SHAPE[0], exact=True)
    return Pictures(pixels, _zip_labels(file, archive, labels))


def _zip_labels(file: Path, archive: PictureZip, wanted: bool) -> Tensor:
    if not wanted:
        return torch.zeros(len(archive.names), dtype=torch.int64)
    if archive.label_by_name is None:
        raise UserError(f"{file}: has no labels in it (dataset.json); set dataset.labels = false")
    label = [label_of(archive.label_by_name, n, archive.place(n)) for n in archive.names]
    if max(label) >= CLASSES:
        raise UserError(f"{file}: has a label {max(label)}, expected 0 to 9; this is not CIFAR-10")
    return torch.tensor(label, dtype=torch.int64)


def how_to_get(folder: Path) -> str:
    return (
        f"download {SITE}cifar-10-binary.tar.gz, unpack it in {folder}, "
        "or let dataset.download = true do so"
    )


def _read_binary(file: Path) -> Pictures:
    try:
        content = np.fromfile(file, np.uint8)
    except OSError as error:
        raise UserError(f"{file}: cannot be read ({error.strerror})") from error
    if not len(content) or len(content) % _RECORD:
        raise UserError(
            f"{file}: damaged: {len(content)} bytes, expected some records of {_RECORD}"
        )
    records = torch.from_numpy(content).view(-1, _RECORD)
    label = records[:, 0].long()
    wrong = (label >= CLASSES).nonzero().flatten().tolist()
    if wrong:
        raise UserError(
            f"{file}: record {wrong[0]} has label {int(label[wrong[0]])}, expected 0 to 9; "
            "these are not CIFAR-10's records"
        )
    return Pictures(records[:, 1:].reshape(-1, *SHAPE), label)


def _official(folder: Path, split: Split) -> CIFAR10:
    from torchvision.datasets import CIFAR10

    try:
        return CIFAR10(str(folder), train=split == "train")
    except RuntimeError as error:  # a sum that differs; nothing was opened
        raise UserError(
            f"{folder / PICKLED}: not the official files, by their MD5 sums, and no other pickles "
            f"are opened; {how_to_get(folder)}"
        ) from error


def _downloaded(folder: Path, split: Split) -> CIFAR10:
    from torchvision.datasets import CIFAR10

    try:
        return CIFAR10(str(folder), train=split == "train", download=True)
    except Exception as error:  # networks, servers and disks fail in many ways
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(
            f"{folder}: CIFAR-10 cannot be downloaded ({reason}); where there is a network, get "
            f"{SITE}cifar-10-binary.tar.gz, and unpack it in {folder}"
        ) from error


def _pictures(found: CIFAR10) -> Pictures:
    pixels = torch.from_numpy(found.data).movedim(-1, 1).contiguous()
    return Pictures(pixels, torch.tensor(found.targets, dtype=torch.int64))
