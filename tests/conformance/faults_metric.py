"""Seeded bugs of a metric."""

from __future__ import annotations

import math

import torch
from faults import faults_of
from sound import SoundAccumulator, SoundMetric, SoundObservingMetric, SoundSquares


class MeanOfBatches(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            self.sum += float((samples - endpoints).square().mean())
            self.n += 1

    def accumulator(self):
        return self.Rows()


class LastBatch(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            self.sum, self.n = 0.0, 0
            super().update(samples, endpoints)

    def accumulator(self):
        return self.Rows()


class FirstCountsMore(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            weight = torch.linspace(2, 0, len(samples)).sqrt().view(-1, *(1,) * (samples.ndim - 1))
            super().update(weight * samples, weight * endpoints)

    def accumulator(self):
        return self.Rows()


class SharedRows(SoundMetric):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.rows = SoundAccumulator()

    def accumulator(self):
        return self.rows


class ResetsOnValue(SoundMetric):
    class Rows(SoundAccumulator):
        def value(self) -> float:
            found = super().value()
            self.sum, self.n = 0.0, 0
            return found

    def accumulator(self):
        return self.Rows()


class HidesNaN(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            super().update(samples.nan_to_num(), endpoints)

    def accumulator(self):
        return self.Rows()


class EditsSamples(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            super().update(samples.clamp_(-1, 1), endpoints)

    def accumulator(self):
        return self.Rows()


class Subsamples(SoundMetric):
    class Rows(SoundAccumulator):
        def update(self, samples, endpoints) -> None:
            kept = torch.randperm(len(samples))[: max(1, len(samples) // 2)]
            super().update(samples[kept], endpoints[kept])

    def accumulator(self):
        return self.Rows()


class ZeroForNone(SoundMetric):
    class Rows(SoundAccumulator):
        def value(self) -> float:
            return super().value() if self.n else 0.0

    def accumulator(self):
        return self.Rows()


class TensorValue(SoundMetric):
    class Rows(SoundAccumulator):
        def value(self):
            return torch.tensor(super().value())

    def accumulator(self):
        return self.Rows()


class HigherIsBetter(SoundMetric):
    lower_is_better = False


class Offset(SoundMetric):
    class Rows(SoundAccumulator):
        def value(self) -> float:
            return super().value() + 1.0

    def accumulator(self):
        return self.Rows()


class NewIdentityEachTime(SoundMetric):
    def identity(self) -> str:
        return str(id(self))


class RandomFloor(SoundMetric):
    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.drawn = float(torch.rand(()))

    def floor(self) -> float:
        return self.drawn


class InfiniteFloor(SoundMetric):
    def floor(self) -> float:
        return math.inf


class EndpointsUndeclared(SoundMetric):
    requires = frozenset()


class OfTheWholeBlock(SoundObservingMetric):
    class Squares(SoundSquares):
        def of(self, block):
            found = super().of(block)
            return found + found.mean() - found.mean().round(decimals=1)

    observations = (Squares(),)


class ForgivesNaN(SoundObservingMetric):
    class Squares(SoundSquares):
        def of(self, block):
            return super().of(block).nan_to_num()

    observations = (Squares(),)


class KeyOfTheObject(SoundObservingMetric):
    class Squares(SoundSquares):
        def __init__(self) -> None:
            self.key = f"squares {id(self)}"

    def __init__(self, options, site) -> None:
        super().__init__(options, site)
        self.observations = (self.Squares(),)


class TitleForKey(SoundMetric):
    key = "Distance (data units)"


OBSERVED = "check_observations_are_of_each_sample"
FAULTS = faults_of(
    "metric", "faults_metric",
    ("MeanOfBatches", "mean of the batches' means", "check_pieces_do_not_matter"),
    ("LastBatch", "last batch only", "check_pieces_do_not_matter"),
    ("FirstCountsMore", "depends on the order", "check_order_does_not_matter"),
    ("SharedRows", "rows share an accumulator", "check_accumulators_are_apart"),
    ("ResetsOnValue", "asking changes the answer", "check_accumulators_are_apart"),
    ("HidesNaN", "hides NaN", "check_samples_that_are_not_finite_show"),
    ("EditsSamples", "edits the samples in place", "check_inputs_are_left_alone"),
    ("Subsamples", "global RNG used", "check_global_random_state_is_left_alone"),
    ("ZeroForNone", "0 for no samples", "check_no_samples_give_nan"),
    ("TensorValue", "a tensor for a float", "check_no_samples_give_nan"),
    ("HigherIsBetter", "wrong direction claimed", "check_data_beat_noise"),
    ("Offset", "not 0 on the data themselves", "check_data_beat_noise"),
    ("NewIdentityEachTime", "identity of the object", "check_identity_and_floor_are_stable"),
    ("RandomFloor", "a floor drawn anew", "check_identity_and_floor_are_stable"),
    ("InfiniteFloor", "an infinite floor", "check_identity_and_floor_are_stable"),
    ("EndpointsUndeclared", "needs end points undeclared", "check_no_samples_give_nan"),
    ("OfTheWholeBlock", "a row that depends on its block", OBSERVED),
    ("ForgivesNaN", "observes NaN away", OBSERVED),
    ("KeyOfTheObject", "an observation's key is the object's", OBSERVED),
    ("TitleForKey", "a key that is no key", "check_names_its_column"),
)  # fmt: skip
