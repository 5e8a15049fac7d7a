"""Checks of a data set: what its items are, that they stay the same, and their pictures."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from secantfw.interfaces.dataset import Dataset, Split
from secantfw.interfaces.records import Items
from secantfw.testing.check import Skip, require
from secantfw.testing.checks.purity import Trial, purity_checks, same
from secantfw.testing.subject import Subject

#: Items that are looked at: enough to see a mistake, few enough for a folder of pictures.
_LOOKED_AT = 48
_SPLITS: tuple[Split, ...] = ("train", "test")


def check_spec_is_sensible(subject: Subject) -> None:
    """`spec.shape` are positive integers, and there are training items."""
    data: Dataset = subject.object
    shape, classes = data.spec.shape, data.spec.num_classes
    good = isinstance(shape, tuple) and all(type(n) is int and n > 0 for n in shape)
    require(good and shape, f"spec.shape is {shape!r}")
    require(type(classes) is int and classes >= 0, f"spec.num_classes is {classes!r}")
    require(data.size("train") > 0, "has no training items")


def check_items_match_the_spec(subject: Subject) -> None:
    """Items are finite float32 (n, *) on the CPU; labels int64 (n,) in 0..num_classes-1."""
    data: Dataset = subject.object
    for split, items, n in _all_items(data):
        x, label = items.x_0, items.label
        said = f"{x.dtype} {tuple(x.shape)}"
        require(
            x.dtype == torch.float32
            and x.shape == (n, *data.spec.shape)
            and x.device.type == "cpu",
            f"{split} items are {said} for {n} of {data.spec.shape}",
        )
        require(x.isfinite().all(), f"{split} items are not finite")
        classes = data.spec.num_classes
        require((label is not None) == (classes > 0), f"has {classes} classes, labels: {label}")
        if label is not None:
            good = label.dtype == torch.int64 and label.shape == (n,)
            require(good, f"{split} labels are {label.dtype} {tuple(label.shape)}")
            inside = (label >= 0) & (label < classes)
            require(inside.all(), f"{split} labels leave 0..{classes - 1}")


def check_an_empty_index_gives_no_items(subject: Subject) -> None:
    """Asked for nothing, either split gives (0, *), with (0,) labels where there are classes."""
    data: Dataset = subject.object
    shape = (0, *data.spec.shape)
    for split in _SPLITS:
        items = data.items(split, torch.empty(0, dtype=torch.int64))
        found = items.x_0
        good = found.dtype == torch.float32 and found.shape == shape
        require(good, f"{split}: no items are {found.dtype} {tuple(found.shape)}, not {shape}")
        label = items.label
        require((label is not None) == (data.spec.num_classes > 0), f"{split}: labels are {label}")
        if label is not None:
            good = label.dtype == torch.int64 and label.shape == (0,)
            require(good, f"{split}: labels of no items are {label.dtype} {tuple(label.shape)}")


def check_items_have_the_scale_of_noise(subject: Subject) -> None:
    """The standard deviation of the items lies in 0.02..20; the noise has 1."""
    for split, items, n in _all_items(subject.object):
        if n > 1:
            std = float(items.x_0.std())
            require(0.02 < std < 20, f"{split} items have standard deviation {std:.3g}")


def check_items_depend_on_their_index_alone(subject: Subject) -> None:
    """An item is the same in any order, in any company, and in another object."""
    data, again = subject.object, subject.build(seed=1)
    for split, items, n in _all_items(data):
        back = data.items(split, torch.arange(n - 1, -1, -1))
        alone = again.items(split, torch.tensor([n - 1]))
        repeated = data.items(split, torch.tensor([0, 0]))
        require(same(back.x_0.flip(0), items.x_0), f"{split} items change with their order")
        require(same(alone.x_0[0], items.x_0[n - 1]), f"{split} items differ in a second object")
        require(same(repeated.x_0[1], items.x_0[0]), f"a {split} item asked for twice differs")
        if items.label is not None and back.label is not None:
            require(same(back.label.flip(0), items.label), f"{split} labels change with order")


def check_items_can_be_changed(subject: Subject) -> None:
    """What a caller does to the items it was given does not reach the data set."""
    for split, items, n in _all_items(subject.object):
        kept = items.x_0.clone()
        items.x_0.fill_(7.0)
        again = subject.object.items(split, torch.arange(n)).x_0
        require(same(again, kept), f"{split} items are views into the data set")


def check_splits_are_apart(subject: Subject) -> None:
    """The held-out split is not the training split again."""
    data: Dataset = subject.object
    if data.size("test") == 0:
        raise Skip("has no held-out split")
    train, test = (items.x_0 for _, items, _ in _all_items(data))
    shared = (test[:, None] == train[None]).flatten(2).all(2).any(1)
    require(not shared.all(), "the held-out items are training items")


def check_pictures_are_uint8(subject: Subject) -> None:
    """`to_uint8` gives (n, height, width, channels) uint8, clipped, or None for no pictures."""
    data: Dataset = subject.object
    x = data.items("train", torch.tensor([0])).x_0.repeat(3, *(1,) * len(data.spec.shape))
    x[1], x[2] = 100.0, -100.0
    pictures = data.to_uint8(x)
    if pictures is None:
        raise Skip("its items are no pictures")
    require(pictures.dtype == torch.uint8, f"pictures are {pictures.dtype}")
    shape = tuple(pictures.shape)
    require(len(shape) == 4 and shape[0] == 3 and shape[3] in (1, 3), f"pictures are {shape}")
    clipped = bool((pictures[1] == 255).all() and (pictures[2] == 0).all())
    require(clipped, "values out of range are not clipped to 0 and 255")


def _all_items(data: Dataset) -> Iterator[tuple[Split, Items, int]]:
    for split in _SPLITS:
        n = min(_LOOKED_AT, data.size(split))
        if n:
            yield split, data.items(split, torch.arange(n)), n


def _trial(subject: Subject) -> Trial:
    index = torch.tensor([0, 0])

    def call() -> list[Tensor]:
        items = subject.object.items("train", index)
        return [items.x_0] if items.label is None else [items.x_0, items.label]

    return Trial((index,), call)


CHECKS = (
    check_spec_is_sensible,
    check_items_match_the_spec,
    check_an_empty_index_gives_no_items,
    check_items_have_the_scale_of_noise,
    check_items_depend_on_their_index_alone,
    check_items_can_be_changed,
    check_splits_are_apart,
    check_pictures_are_uint8,
    *purity_checks(_trial),
)
