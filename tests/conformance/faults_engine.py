"""Seeded bugs of an engine."""

from __future__ import annotations

import torch
from faults import faults_of
from sound import SoundEngine

from secantfw import Computed


class SumOfRows(SoundEngine):
    def compute(self, batch, times):
        terms = self._loss(self._ctx, batch, times)
        return Computed(terms.per_sample.sum(), terms)


class FirstHalf(SoundEngine):
    """As an off-by-one in a share of the rows."""

    def compute(self, batch, times):
        half = slice(0, len(batch) // 2)
        terms = self._loss(self._ctx, batch.rows(half), times.rows(half))
        return Computed(terms.per_sample.mean(), terms)


class MeanOfPieces(SoundEngine):
    """Every piece weighs the same, however few its rows."""

    def compute(self, batch, times):
        parts = list(self.pieces)
        for part in parts:
            terms = self._loss(self._ctx, batch.rows(part), times.rows(part))
            objective = terms.per_sample.mean() / len(parts)
            if part is not parts[-1]:
                self.scaled(objective).backward()
        return Computed(objective, terms)


class LastPieceAlone(SoundEngine):
    """The loss that is returned is that of the last piece."""

    def compute(self, batch, times):
        done = super().compute(batch, times)
        last = list(self.pieces)[-1]
        rows = done.terms.per_sample[last]
        self._reported = rows.detach().mean()
        return done

    def backward(self, objective):
        super().backward(objective)
        return self._reported


class HidesNan(SoundEngine):
    def backward(self, objective):
        return torch.nan_to_num(super().backward(objective))


class IgnoresScale(SoundEngine):
    def backward(self, objective):
        objective.backward()
        return self.exchange(objective)


class ReturnsScaled(SoundEngine):
    def backward(self, objective):
        super().backward(objective)
        return self.scaled(objective).detach()


class LargestNorm(SoundEngine):
    """The largest of the norms instead of the norm of all."""

    def total_norm(self, gradients):
        return torch.stack([g.norm() for g in gradients]).max()


class NoEngine:
    def __init__(self, options, site) -> None: ...


FAULTS = faults_of(
    "engine", "faults_engine",
    ("SumOfRows", "sum for mean", "check_gradient_is_that_of_the_mean_loss"),
    ("FirstHalf", "half of the rows", "check_gradient_is_that_of_the_mean_loss"),
    ("MeanOfPieces", "a mean of means of unequal pieces", "check_pieces_add_up"),
    ("LastPieceAlone", "the loss of the last piece", "check_backward_returns_the_loss"),
    ("HidesNan", "nan turned into a number", "check_backward_returns_the_loss"),
    ("IgnoresScale", "the scale ignored", "check_scale_multiplies_the_gradient_alone"),
    ("ReturnsScaled", "the loss scaled too", "check_scale_multiplies_the_gradient_alone"),
    ("LargestNorm", "another norm", "check_total_norm_is_that_of_all_gradients"),
    ("NoEngine", "not an Engine", "check_builds"),
)  # fmt: skip
