"""Seeded bugs of a data set."""

from __future__ import annotations

import math

import torch
from faults import Fault, faults_of
from sound import SoundData

from secantfw import Items


class LabelsFromOne(SoundData):
    def label(self, index):
        return index % 3 + 1


class ShortLabels(SoundData):
    def label(self, index):
        return (index % 3).to(torch.int32)


class NoLabels(SoundData):
    def label(self, index):
        return None


class Float64Items(SoundData):
    dtype = torch.float64


class Pixels(SoundData):
    scale = 70.0


class Views(SoundData):
    def items(self, split, index):
        whole = torch.equal(index, torch.arange(len(index)))
        x = self.x[split][: len(index)] if whole else self.x[split][index]
        return Items(x, self.label(index))


class Augmented(SoundData):
    def items(self, split, index):
        found = super().items(split, index)
        flip = torch.rand(len(index)) < 0.5
        return Items(
            torch.where(flip.view(-1, 1, 1, 1), found.x_0.flip(-1), found.x_0), found.label
        )


class Sorted(SoundData):
    def items(self, split, index):
        return super().items(split, index.sort().values)


class EditsIndex(SoundData):
    def items(self, split, index):
        return super().items(split, index.add_(1).remainder_(64))


class NothingIsAnError(SoundData):
    def items(self, split, index):
        return Items(torch.stack([self.x[split][i] for i in index.tolist()]), self.label(index))


class NothingHasNoLabels(SoundData):
    def label(self, index):
        return index % 3 if len(index) else None


class TestIsTrain(SoundData):
    def __init__(self, options) -> None:
        super().__init__(options)
        self.x["test"] = self.x["train"]


class UnseededDraw(SoundData):
    def __init__(self, options) -> None:
        super().__init__(options)
        self.x["train"] = torch.randn(64, 1, 4, 4)


class NotFinite(SoundData):
    def __init__(self, options) -> None:
        super().__init__(options)
        self.x["test"][5, 0, 1, 1] = math.nan


class Wraps(SoundData):
    def to_uint8(self, x):
        return (127.5 * x + 128).to(torch.int64).remainder(256).to(torch.uint8).movedim(1, -1)


class ChannelsFirst(SoundData):
    def to_uint8(self, x):
        return (127.5 * x + 128).clamp(0, 255).to(torch.uint8)


class MislabelledClasses(SoundData):
    """Labels of the neighbours: nothing but the pictures could say so."""

    def label(self, index):
        return (index + 1) % 3


ITEMS = "check_items_match_the_spec"
NOTHING = "check_an_empty_index_gives_no_items"
ALONE = "check_items_depend_on_their_index_alone"
FAULTS = (
    *faults_of(
        "dataset", "faults_dataset",
        ("LabelsFromOne", "labels 1..num_classes", ITEMS),
        ("ShortLabels", "int32 labels", ITEMS),
        ("NoLabels", "classes but no labels", ITEMS),
        ("Float64Items", "float64 items", ITEMS),
        ("NotFinite", "one NaN among the items", ITEMS),
        ("Pixels", "pixels that nobody scaled", "check_items_have_the_scale_of_noise"),
        ("Views", "items are views", "check_items_can_be_changed"),
        ("Augmented", "global RNG used", "check_global_random_state_is_left_alone"),
        ("UnseededDraw", "items drawn without a seed of their own", ALONE),
        ("Sorted", "items in the order of their index", ALONE),
        ("EditsIndex", "edits the index in place", "check_inputs_are_left_alone"),
        ("NothingIsAnError", "an error where nothing is asked for", NOTHING),
        ("NothingHasNoLabels", "no labels where nothing is asked for", NOTHING),
        ("TestIsTrain", "held-out items are training items", "check_splits_are_apart"),
        ("Wraps", "bright pixels wrap to black", "check_pictures_are_uint8"),
        ("ChannelsFirst", "pictures with channels first", "check_pictures_are_uint8"),
    ),
    Fault(
        "dataset", "faults_dataset:MislabelledClasses", "labels of other items",
        why="no oracle knows the right label of an item",
    ),
)  # fmt: skip
