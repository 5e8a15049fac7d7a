"""Seeded bugs of a solver."""

from __future__ import annotations

import torch
from faults import faults_of
from sound import SoundSecantSolver, SoundSolver

from secantfw import Cond, at


class ClaimsOrder2(SoundSolver):
    order = 2


class WrongWeights(SoundSolver):
    """A midpoint method that weighs its two tangents alike."""

    order = 2

    def solve(self, field, x, t, s, steps, cond, rng=None):
        h = (s - t) / steps
        for i in range(steps):
            k_1 = field.tangent(x, torch.lerp(t, s, i / steps), cond)
            inside = x + at(h / 2, x) * k_1
            k_2 = field.tangent(inside, torch.lerp(t, s, (i + 0.5) / steps), cond)
            x = x + at(h, x) * (k_1 + k_2) / 2
        return x

    def evaluations(self, steps: int) -> int:
        return 2 * steps


class Miscounts(SoundSolver):
    def evaluations(self, steps: int) -> int:
        return steps + 1


class WrongStepsWithin(SoundSolver):
    def steps_within(self, evaluations: int) -> int:
        return evaluations - 1


class OneStepShort(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        h = (s - t) / steps
        for i in range(1, steps):
            x = x + at(h, x) * field.tangent(x, torch.lerp(t, s, i / steps), cond)
        return x

    def evaluations(self, steps: int) -> int:
        return steps - 1


class TimesOfRowZero(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        return super().solve(field, x, t[:1].expand_as(t), s[:1].expand_as(s), steps, cond, rng)


class DownOnly(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        low, high = torch.minimum(t, s), torch.maximum(t, s)
        return super().solve(field, x, high, low, steps, cond, rng)


class TimeOfTheEnd(SoundSolver):
    """The tangent is taken at t throughout."""

    def solve(self, field, x, t, s, steps, cond, rng=None):
        h = (s - t) / steps
        for _ in range(steps):
            x = x + at(h, x) * field.tangent(x, t, cond)
        return x


class Float32Grid(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        return super().solve(field, x.float(), t.float(), s.float(), steps, cond, rng)


class EditsX(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        h = (s - t) / steps
        for i in range(steps):
            x += at(h, x) * field.tangent(x, torch.lerp(t, s, i / steps), cond)
        return x


class IgnoresLabels(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        return super().solve(field, x, t, s, steps, Cond(), rng)


class GlobalNoise(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        end = super().solve(field, x, t, s, steps, cond, rng)
        return end + 1e-9 * torch.randn(x.shape, dtype=x.dtype)


class LeavesTheRange(SoundSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        v = field.tangent(x, t + 0.1, cond)
        return super().solve(field, x + 0 * v, t, s, steps, cond, rng)

    def evaluations(self, steps: int) -> int:
        return steps + 1


class SecantsUndeclared(SoundSecantSolver):
    requires = frozenset()


class SwappedEnds(SoundSecantSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        for i in range(steps):
            a, b = torch.lerp(t, s, i / steps), torch.lerp(t, s, (i + 1) / steps)
            x = x + at(b - a, x) * field.secant(x, b, a, cond)
        return x


class HalfSecant(SoundSecantSolver):
    def solve(self, field, x, t, s, steps, cond, rng=None):
        for i in range(steps):
            a, b = torch.lerp(t, s, i / steps), torch.lerp(t, s, (i + 1) / steps)
            x = x + at(b - a, x) * field.secant(x, a, (a + b) / 2, cond)
        return x


class NoiseAtEveryStep(SoundSecantSolver):
    """Stochastic, from the generator it is given, but with too much noise."""

    def solve(self, field, x, t, s, steps, cond, rng=None):
        end = super().solve(field, x, t, s, steps, cond, rng)
        return end + 0.5 * torch.randn(x.shape, generator=rng, dtype=x.dtype)


FAULTS = faults_of(
    "solver", "faults_solver",
    ("ClaimsOrder2", "wrong order claimed", "check_measured_order_is_the_claimed_one"),
    ("WrongWeights", "weights of another method", "check_measured_order_is_the_claimed_one"),
    ("Miscounts", "evaluations miscounted", "check_evaluations_are_as_claimed"),
    ("WrongStepsWithin", "steps_within does not invert", "check_evaluations_are_as_claimed"),
    ("OneStepShort", "one step short", "check_evaluations_are_as_claimed"),
    ("TimesOfRowZero", "every row at the times of the first",
     "check_goes_both_ways_with_times_of_each_row"),
    ("DownOnly", "goes down only", "check_goes_both_ways_with_times_of_each_row"),
    ("TimeOfTheEnd", "tangents at t throughout", "check_samples_follow_the_data"),
    ("Float32Grid", "float64 lost", "check_result_has_shape_and_dtype_of_x"),
    ("EditsX", "edits x in place", "check_inputs_are_left_alone"),
    ("IgnoresLabels", "label ignored", "check_conditions_reach_the_field"),
    ("GlobalNoise", "global RNG used", "check_global_random_state_is_left_alone"),
    ("LeavesTheRange", "leaves the path's range", "check_times_stay_in_the_range_of_the_path"),
    ("SecantsUndeclared", "uses secants undeclared", "check_evaluations_are_as_claimed"),
    ("SwappedEnds", "swapped ends of the secant", "check_steps_along_exact_secants_are_exact"),
    ("HalfSecant", "secant of half the step", "check_steps_along_exact_secants_are_exact"),
    ("NoiseAtEveryStep", "too much noise", "check_samples_follow_the_data"),
)  # fmt: skip
