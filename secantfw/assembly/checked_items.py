"""Items of a data set, held to what its `spec` says; what is wrong is named by its index."""

from __future__ import annotations

import torch
from torch import Tensor

from secantfw.discovery.records import cause
from secantfw.errors import UserError
from secantfw.interfaces.dataset import Dataset
from secantfw.interfaces.records import Items


def checked_items(dataset: Dataset, index: Tensor) -> Items:
    """The training items at `index` (n,). Whether they are finite is seen in the loss, for free.

    Raises:
        UserError: items that cannot be read, of another shape or dtype, or labels out of range.
    """
    try:
        items = dataset.items("train", index)
    except UserError:
        raise
    except Exception as error:  # a plug-in's data: a file gone, a worker dead
        raise UserError(f"{_first_bad(dataset, index)}: {cause(error)}") from error
    x_0, expected = items.x_0, (index.shape[0], *dataset.spec.shape)
    if x_0.shape != expected or x_0.dtype is not torch.float32:
        raise UserError(
            f"{_name(dataset)}: items {_range(index)} are {tuple(x_0.shape)} {x_0.dtype}, "
            f"expected {expected} torch.float32"
        )
    _check_labels(dataset, items.label, index)
    return items


def _check_labels(dataset: Dataset, label: Tensor | None, index: Tensor) -> None:
    classes = dataset.spec.num_classes
    if label is None:
        if classes:
            raise UserError(f"{_name(dataset)}: items {_range(index)} have no labels")
        return
    if label.shape != index.shape or label.dtype is not torch.int64:
        raise UserError(
            f"{_name(dataset)}: labels of items {_range(index)} are {tuple(label.shape)} "
            f"{label.dtype}, expected {tuple(index.shape)} torch.int64"
        )
    low, high = torch.aminmax(label)
    if low < 0 or high >= classes:
        row = int(((label < 0) | (label >= classes)).nonzero()[0])
        raise UserError(
            f"{_name(dataset)}: item {int(index[row])} has label {int(label[row])}, "
            f"expected 0..{classes - 1}"
        )


def _first_bad(dataset: Dataset, index: Tensor) -> str:
    """The first of several items that cannot be had alone either."""
    for i in index.tolist():
        try:
            dataset.items("train", torch.tensor([i]))
        except Exception:  # this is the one
            return f"{_name(dataset)}: item {i} cannot be read"
    return f"{_name(dataset)}: items {_range(index)} cannot be read"


def _name(dataset: Dataset) -> str:
    return f"dataset {type(dataset).__name__}"


def _range(index: Tensor) -> str:
    shown = ", ".join(str(i) for i in index[:3].tolist())
    return f"{shown}, ..." if len(index) > 3 else shown
