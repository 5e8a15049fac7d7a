"""Seeded bugs of an augmentation."""

from __future__ import annotations

import torch
from faults import faults_of
from sound import SoundFlips

from secantfw import Augmented


class Silent(SoundFlips):
    def told(self, flip):
        return torch.zeros(len(flip), 1)


class SaysTheOpposite(SoundFlips):
    def told(self, flip):
        return super().told(~flip)


class SaysItOfAll(SoundFlips):
    def told(self, flip):
        return torch.ones(len(flip), 1)


class TellsNoRows(SoundFlips):
    def told(self, flip):
        return flip.float()


class Float64(SoundFlips):
    def changed(self, x_0, flip):
        return super().changed(x_0, flip).double()


class Crops(SoundFlips):
    def changed(self, x_0, flip):
        return super().changed(x_0, flip)[..., 1:]


class OneCoinForAll(SoundFlips):
    def coins(self, n, rng):
        return super().coins(1, rng).expand(n)


class TheSameCoinsEveryStep(SoundFlips):
    def coins(self, n, rng):
        return super().coins(n, torch.Generator().manual_seed(0))


class CoinsOfItsOwn(SoundFlips):
    def coins(self, n, rng):
        return torch.rand(n) < 0.5


class DrawsForTheRowsAtHand(SoundFlips):
    def __call__(self, x_0, draws):
        flip = self.coins(len(x_0), draws.rng)
        return Augmented(self.changed(x_0, flip), self.told(flip))


class ForgetsWhichRows(SoundFlips):
    def __call__(self, x_0, draws):
        flip = self.coins(draws.total, draws.rng)[: len(x_0)]
        return Augmented(self.changed(x_0, flip), self.told(flip))


class InPlace(SoundFlips):
    def changed(self, x_0, flip):
        x_0[flip] = x_0[flip].flip(-1)
        return x_0


SHAPE = "check_items_keep_their_shape"
OTHER = "check_another_generator_another_change"
UNTOLD = "check_untold_items_are_unchanged"
ROWS = "check_rows_are_those_of_the_whole_batch"
FAULTS = faults_of(
    "augmentation", "faults_augmentation",
    ("Silent", "changes items and does not say so", UNTOLD),
    ("SaysTheOpposite", "says it of the other rows", UNTOLD),
    ("SaysItOfAll", "says it of every row", UNTOLD),
    ("TellsNoRows", "told without an axis of numbers", SHAPE),
    ("Float64", "float64 items", SHAPE),
    ("Crops", "items of another shape", SHAPE),
    ("OneCoinForAll", "one draw for the whole batch", OTHER),
    ("TheSameCoinsEveryStep", "draws from a generator of its own", OTHER),
    ("CoinsOfItsOwn", "global RNG used", "check_global_random_state_is_left_alone"),
    ("DrawsForTheRowsAtHand", "draws for the rows at hand alone", ROWS),
    ("ForgetsWhichRows", "takes the first rows' numbers", ROWS),
    ("InPlace", "edits the items in place", "check_inputs_are_left_alone"),
)  # fmt: skip
