"""arrays: items from one npz or safetensors file, kept in memory.

Floats are data as they stand; uint8 are pixels, x_0 = p / 127.5 - 1, and (n, height, width) of
them get a channel axis.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from secantfw import Dataset, DataSpec, Items, Split, UserError
from secantfw_data.array_file import read_arrays
from secantfw_data.options import ArraysOptions
from secantfw_data.pixels import RULE, from_uint8, to_uint8


class Arrays(Dataset):
    """Items of one file; the held-out split is another file, or the end of the same."""

    pixels = RULE

    def __init__(self, options: ArraysOptions) -> None:
        train = _checked(Path(options.file), options)
        if options.held_out:
            test = _checked(Path(options.held_out), options)
            _check_alike(options, train, test)
        else:
            kept = len(train.x_0) - round(len(train.x_0) * options.held_out_fraction)
            if kept == 0:
                raise UserError(f"{options.file}: held_out_fraction leaves no training item")
            train, test = _rows(train, 0, kept), _rows(train, kept, len(train.x_0))
        self._splits = {"train": train, "test": test}
        labels = [s.label for s in (train, test) if s.label is not None and len(s.label)]
        classes = 1 + max((int(label.max()) for label in labels), default=-1)
        self.spec = DataSpec(tuple(_as_data(train.x_0[:1]).shape[1:]), classes)

    def size(self, split: Split) -> int:
        return len(self._splits[split].x_0)

    def items(self, split: Split, index: Tensor) -> Items:
        kept = self._splits[split]
        label = None if kept.label is None else kept.label[index]
        return Items(_as_data(kept.x_0[index]), label)

    def to_uint8(self, x: Tensor) -> Tensor | None:
        pictures = len(self.spec.shape) == 3 and self.spec.shape[0] in (1, 3)
        return to_uint8(x).movedim(1, -1).cpu() if pictures else None


def _as_data(x: Tensor) -> Tensor:
    return from_uint8(x) if x.dtype == torch.uint8 else x


def _rows(items: Items, start: int, stop: int) -> Items:
    label = None if items.label is None else items.label[start:stop]
    return Items(items.x_0[start:stop], label)


def _checked(file: Path, options: ArraysOptions) -> Items:
    """The file's items, uint8 or float32, channels first, and its labels."""
    arrays = read_arrays(file)
    if options.x not in arrays:
        raise UserError(f"{file}: no array {options.x!r}; it has {', '.join(sorted(arrays))}")
    x = _checked_items(file, arrays[options.x], options)
    label = arrays.get(options.label)
    return Items(x, None if label is None else _checked_labels(file, label, len(x)))


def _checked_items(file: Path, x: Tensor, options: ArraysOptions) -> Tensor:
    if x.ndim < 2 or x.numel() == 0:
        raise UserError(f"{file}: {options.x} has shape {tuple(x.shape)}, expected (n, *)")
    if options.channels_last and x.ndim == 4:
        x = x.movedim(-1, 1)
    if x.dtype == torch.uint8:
        return (x.unsqueeze(1) if x.ndim == 3 else x).contiguous()
    if not x.is_floating_point():
        raise UserError(f"{file}: {options.x} is {x.dtype}, expected floats or uint8")
    x = x.float().contiguous()
    bad = (~torch.isfinite(x)).flatten(1).any(1).nonzero().flatten().tolist()
    if bad:
        raise UserError(f"{file}: {options.x}[{bad[0]}] is not finite ({len(bad)} such items)")
    return x


def _checked_labels(file: Path, label: Tensor, n: int) -> Tensor:
    if label.is_floating_point() or label.is_complex() or label.shape != (n,):
        said = f"{label.dtype} of shape {tuple(label.shape)}"
        raise UserError(f"{file}: labels are {said}, expected ({n},) integers")
    label = label.long()
    negative = (label < 0).nonzero().flatten().tolist()
    if negative:
        raise UserError(
            f"{file}: label[{negative[0]}] is {int(label[negative[0]])}, expected >= 0"
        )
    return label


def _check_alike(options: ArraysOptions, train: Items, test: Items) -> None:
    if train.x_0.shape[1:] != test.x_0.shape[1:] or train.x_0.dtype != test.x_0.dtype:
        raise UserError(
            f"{options.held_out}: items are {tuple(test.x_0.shape[1:])} {test.x_0.dtype}, "
            f"those of {options.file} {tuple(train.x_0.shape[1:])} {train.x_0.dtype}"
        )
    if (train.label is None) != (test.label is None):
        raise UserError(f"{options.held_out}: labels must be in both files or in neither")
