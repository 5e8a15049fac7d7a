"""Seeded bugs of a time sampler."""

from __future__ import annotations

import attrs
import torch
from faults import Fault, faults_of
from sound import SoundTimes


class Changed(SoundTimes):
    """A sound draw, changed afterwards."""

    def sample(self, n, need, path, rng, progress):
        times = super().sample(n, need, path, rng, progress)
        return attrs.evolve(times, **self.changes(times, need, path, rng))


def _share(times):
    width = (times.s - times.t)[:, None]
    return (times.r - times.t[:, None]) / width.where(width != 0, 1)


class SquaredLaw(Changed):
    def changes(self, times, need, path, rng):
        t, s = times.t[:, None], times.s[:, None]
        return {"r": torch.lerp(t, s, _share(times).clamp(0, 1).square())}


class RAnywhere(Changed):
    def changes(self, times, need, path, rng):
        return {"r": torch.rand(times.r.shape, generator=rng)}


class RAtT(Changed):
    def changes(self, times, need, path, rng):
        return {"r": times.t[:, None].expand_as(times.r).clone()}


class OneDrawForAll(Changed):
    def changes(self, times, need, path, rng):
        return {"r": times.r[:, :1].expand_as(times.r).clone()} if need.law == "uniform" else {}


class WeightsOfOne(Changed):
    def changes(self, times, need, path, rng):
        return {"r_weight": torch.ones_like(times.r_weight)}


class EqualGaussWeights(Changed):
    def changes(self, times, need, path, rng):
        return {"r_weight": torch.full_like(times.r_weight, 1 / max(need.draws, 1))}


class NoStrata(SoundTimes):
    def sample(self, n, need, path, rng, progress):
        plain = attrs.evolve(need, law="uniform") if need.law == "stratified" else need
        return super().sample(n, plain, path, rng, progress)


class NoMirror(SoundTimes):
    def sample(self, n, need, path, rng, progress):
        plain = attrs.evolve(need, law="uniform") if need.law == "antithetic" else need
        return super().sample(n, plain, path, rng, progress)


class RBeforeT(SoundTimes):
    def sample(self, n, need, path, rng, progress):
        torch.rand((n, need.draws), generator=rng)
        return super().sample(n, need, path, rng, progress)


class IgnoresTheRange(Changed):
    def changes(self, times, need, path, rng):
        width = path.t_max - path.t_min
        return {"t": (times.t - path.t_min) / width, "s": (times.s - path.t_min) / width}


class Upwards(Changed):
    def changes(self, times, need, path, rng):
        return {"t": times.s, "s": times.t}


class ClaimsBothWays(SoundTimes):
    def capabilities(self):
        return frozenset({"bidirectional"})


class ClaimsEveryTime(Changed):
    def changes(self, times, need, path, rng):
        return {"t": torch.ones_like(times.t)}

    def capabilities(self):
        return frozenset({"every_time"})


class TauIsT(Changed):
    def changes(self, times, need, path, rng):
        return {"tau": times.t if need.tau else None}


class TauUnasked(Changed):
    def changes(self, times, need, path, rng):
        return {"tau": times.t}


class GlobalTimes(SoundTimes):
    def sample(self, n, need, path, rng, progress):
        return super().sample(n, need, path, torch.default_generator, progress)


class FixedSeed(SoundTimes):
    def sample(self, n, need, path, rng, progress):
        return super().sample(n, need, path, torch.Generator().manual_seed(1), progress)


class Float64Times(Changed):
    def changes(self, times, need, path, rng):
        return {"t": times.t.double(), "s": times.s.double()}


class MarksWrongRows(Changed):
    def changes(self, times, need, path, rng):
        return {"tangent_rows": torch.ones(len(times.t), dtype=torch.bool)}


class TrainedForNone(SoundTimes):
    def trained_steps(self):
        return 0


class TrainedForHalf(SoundTimes):
    def trained_steps(self):
        return 2.5


class PractisesOther(SoundTimes):
    def practises(self, t, s, path):
        return s > t + 0.01


class Forgets(SoundTimes):
    """Its law changes as it goes, and its state does not say so."""

    drawn = 0

    def sample(self, n, need, path, rng, progress):
        self.drawn += 1
        for _ in range(self.drawn):
            torch.rand(1, generator=rng)
        return super().sample(n, need, path, rng, progress)


class EndsOnly(Changed):
    """t = 1 and s = 0 in every row: legal, and hardly a law to train on."""

    def changes(self, times, need, path, rng):
        t, s = torch.full_like(times.t, path.t_max), torch.full_like(times.s, path.t_min)
        return {"t": t, "s": s, "r": torch.lerp(t[:, None], s[:, None], _share(times).clamp(0, 1))}

    def capabilities(self):
        return frozenset()


LAW = "check_r_follows_the_law_asked_for"
FAULTS = (
    *faults_of(
        "time_sampler", "faults_time_sampler",
        ("SquaredLaw", "wrong law of r", LAW),
        ("RAtT", "r is t", LAW),
        ("RAnywhere", "r anywhere in [0, 1]", "check_r_lies_between_t_and_s"),
        ("OneDrawForAll", "K times the same draw", "check_draws_of_r_are_independent"),
        ("WeightsOfOne", "weights sum to K", "check_weights_of_r_sum_to_1"),
        ("EqualGaussWeights", "Gauss nodes with equal weights", LAW),
        ("NoStrata", "stratified draws are plain ones", LAW),
        ("NoMirror", "antithetic draws are plain ones", LAW),
        ("RBeforeT", "t depends on K", "check_t_and_s_do_not_depend_on_the_loss"),
        ("IgnoresTheRange", "ignores t_min and t_max",
         "check_times_stay_in_the_range_of_the_path"),
        ("Upwards", "swapped ends", "check_direction_is_the_declared_one"),
        ("ClaimsBothWays", "claims both directions", "check_direction_is_the_declared_one"),
        ("ClaimsEveryTime", "claims every time, on a grid", "check_capabilities_are_known"),
        ("TauIsT", "tau is t", "check_tau_is_independent_of_t"),
        ("TauUnasked", "tau though none is asked for", "check_times_have_the_shapes_asked_for"),
        ("GlobalTimes", "global RNG used", "check_global_random_state_is_left_alone"),
        ("FixedSeed", "ignores the generator", "check_another_generator_gives_other_times"),
        ("Float64Times", "float64 times", "check_times_have_the_shapes_asked_for"),
        ("MarksWrongRows", "marks rows with s != t", "check_marked_rows_are_tangent_rows"),
        ("TrainedForNone", "trained for 0 steps", "check_trained_steps_are_a_number"),
        ("TrainedForHalf", "trained for 2.5 steps", "check_trained_steps_are_a_number"),
        ("PractisesOther", "does not practise what it draws",
         "check_secants_that_are_drawn_are_practised"),
        ("Forgets", "state that state_dict leaves out", "check_state_survives_json"),
    ),
    Fault(
        "time_sampler", "faults_time_sampler:EndsOnly", "the same t and s in every row",
        why="no law of t and s is wrong in itself: a one-step student is trained with this one",
    ),
)  # fmt: skip
